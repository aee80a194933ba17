/** What replacing the catalogue takes: the operator account's admins have it. */
export const CATALOGUE_WRITE = 'claviger:catalogue:write'
