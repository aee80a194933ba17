/** An e-mail address, or another name, in a narrow place: it breaks before the "@", and at two lines it ends. */
export function Email({ text }: { text: string }) {
  const at = text.lastIndexOf('@')
  return (
    <span className="line-clamp-2 [overflow-wrap:anywhere]" title={text}>
      {at > 0 ? (
        <>
          {text.slice(0, at)}
          <wbr />
          {text.slice(at)}
        </>
      ) : (
        text
      )}
    </span>
  )
}
