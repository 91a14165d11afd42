import type { UserInfo } from '../registry/types.ts'

/**
 * The users of a file of tokens: lines of `token,user name,user uid` and, in quotes, `"group1,group2"`. Throws an Error
 * that names the line which is none.
 */
// staging/src/k8s.io/apiserver/pkg/authentication/token/tokenfile/tokenfile.go NewCSV
export function readTokenFile(text: string, path: string): ReadonlyMap<string, UserInfo> {
  const users = new Map<string, UserInfo>()
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue
    const fields = csvFields(line)
    if (fields === undefined) throw new Error(`token file '${path}': line ${i + 1} has a quote where none may be`)
    const [token = '', name = '', uid = '', groups] = fields
    if (fields.length < 3) {
      const text = `must have at least 3 columns (token, user name, user uid), found ${fields.length}`
      throw new Error(`token file '${path}' ${text}`)
    }
    if (token !== '') users.set(token, { name, uid, groups: groups === undefined ? [] : groups.split(',') })
  }
  return users
}

/** The fields of one line; undefined when its quotes do not pair. */
function csvFields(line: string): string[] | undefined {
  const fields: string[] = []
  let rest = line
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(,|$)/.exec(rest)
    const plain = quoted === null ? /^([^",]*)(,|$)/.exec(rest) : null
    const [all = '', value = '', separator = ''] = quoted ?? plain ?? []
    if (quoted === null && plain === null) return undefined
    fields.push(quoted === null ? value : value.replaceAll('""', '"'))
    if (separator === '') return fields
    rest = rest.slice(all.length)
  }
}
