import { useQuery } from '@tanstack/react-query'
import { ChevronLeft } from 'lucide-react'
import { Link } from 'wouter'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Loading } from '../ui/loading'
import { PageHeader } from '../ui/page'
import { Editor } from './editor'
import { catalogueQueryOptions } from './queries'

/** The page on which the operator account's admins change APIs, routes and scopes. */
export default function CataloguePage() {
  const { api } = useSession()
  const paths = usePaths()
  const query = useQuery(catalogueQueryOptions(api))
  return (
    <>
      <Link
        href={paths.scopes()}
        className="mb-3 -ml-1 inline-flex min-h-6 items-center gap-1 rounded-control pr-1 text-sm text-muted hover:text-fg pointer-coarse:min-h-11"
      >
        <ChevronLeft className="size-4" aria-hidden="true" />
        Scopes & APIs
      </Link>
      <PageHeader title="Edit catalogue">
        The APIs, their routes and the scopes that open them. The catalogue belongs to the installation: a change counts in
        every account, at once.
      </PageHeader>
      {query.data ? <Editor loaded={query.data} /> : <Loading query={query} what="catalogue" />}
    </>
  )
}
