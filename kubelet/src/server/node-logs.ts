import { createReadStream, type Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { FastifyReply } from 'fastify'
import { ServerError } from './pods.ts'

/**
 * Answers with a file of the machine's logs, or with what is in a folder of them. `inside` is the decoded path below
 * `folder`. @throws ServerError 404 for what is not there.
 */
// pkg/kubelet/kubelet_server_journal.go and kubelet.go ServeLogs: Go's file server
export async function serveNodeLogs(folder: string, inside: string, reply: FastifyReply): Promise<FastifyReply> {
  // as from the root: nothing leads above the folder
  const place = path.join(folder, path.posix.join('/', inside))
  const info = await stat(place).catch(() => undefined)
  if (info?.isDirectory()) {
    if (inside !== '' && !inside.endsWith('/')) return reply.redirect(`${path.posix.basename(inside)}/`, 301)
    const entries = await readdir(place, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      // logs are turned over and go with their containers
      throw error.code === 'ENOENT' ? new ServerError(404, '404 page not found') : error
    })
    return reply.type('text/html; charset=utf-8').send(folderPage(entries))
  }
  if (!info?.isFile() || inside.endsWith('/')) throw new ServerError(404, '404 page not found')
  return reply
    .headers({ 'content-type': 'text/plain; charset=utf-8', 'last-modified': info.mtime.toUTCString() })
    .send(createReadStream(place))
}

// net/http/fs.go dirList
function folderPage(entries: readonly Dirent[]): string {
  const lines = entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => {
      const name = one.isDirectory() ? `${one.name}/` : one.name
      return `<a href="${encodeURIComponent(one.name)}${one.isDirectory() ? '/' : ''}">${escaped(name)}</a>\n`
    })
  const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n'
  return `${head}<pre>\n${lines.join('')}</pre>\n`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one] ?? one)
