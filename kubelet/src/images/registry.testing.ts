import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`
const ofDocker = 'application/vnd.docker'

export interface TestRegistry {
  /** "127.0.0.1:port", which Docker asks over plain HTTP. */
  host: string
  /** How often a manifest of each repository was handed out. */
  pulls: ReadonlyMap<string, number>
  /** Is asked before a manifest is handed out, and waited for. */
  before: (repository: string) => unknown
  /** The digest of the image of a repository, under whatever tag but "none". */
  digest(repository: string): string
  stop(): void
}

/** For tests: a registry for reading, with one small image in each repository, which sleeps. It may ask for a login. */
// distribution/distribution/docs/content/spec/api.md
export async function startRegistry(login?: { name: string; password: string }): Promise<TestRegistry> {
  const tar = pack()
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile('/bin/busybox'))
  for (const one of ['sh', 'sleep', 'true']) tar.entry({ name: `bin/${one}`, type: 'symlink', linkname: 'busybox' })
  tar.finalize()
  const files = await buffer(tar)
  const layer = gzipSync(files)
  const blobs = new Map([[digestOf(layer), layer]])
  const manifests = new Map<string, Buffer>()
  const pulls = new Map<string, number>()
  const allowed = login && `Basic ${btoa(`${login.name}:${login.password}`)}`

  const manifest = (repository: string): Buffer => {
    const known = manifests.get(repository)
    if (known) return known
    // an id of its own for each
    const config = Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: { Cmd: ['sleep', '1000000'], Labels: { repository } },
        rootfs: { type: 'layers', diff_ids: [digestOf(files)] },
      }),
    )
    blobs.set(digestOf(config), config)
    const part = (mediaType: string, data: Buffer) => ({ mediaType, size: data.length, digest: digestOf(data) })
    const made = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: `${ofDocker}.distribution.manifest.v2+json`,
        config: part(`${ofDocker}.container.image.v1+json`, config),
        layers: [part(`${ofDocker}.image.rootfs.diff.tar.gzip`, layer)],
      }),
    )
    manifests.set(repository, made)
    return made
  }

  const server = http.createServer((request, response) => void serve(request, response))
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const [, repository = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? []
    const answer = (status: number, headers: Record<string, string>, body: Buffer | string = ''): void => {
      response.writeHead(status, headers)
      response.end(request.method === 'HEAD' ? '' : body)
    }
    const error = (status: number, code: string, message: string, headers = {}): void => {
      const text = JSON.stringify({ errors: [{ code, message }] })
      answer(status, { 'Content-Type': 'application/json', ...headers }, text)
    }
    if (allowed !== undefined && request.headers.authorization !== allowed) {
      return error(401, 'UNAUTHORIZED', 'authentication required', { 'WWW-Authenticate': 'Basic realm="test"' })
    }
    if (request.url === '/v2/') return answer(200, {}, '{}')
    if (kind === 'manifests') {
      if (reference === 'none') return error(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
      const body = manifest(repository)
      await registry.before(repository)
      if (request.method === 'GET') pulls.set(repository, (pulls.get(repository) ?? 0) + 1)
      const type = `${ofDocker}.distribution.manifest.v2+json`
      const length = String(body.length)
      return answer(
        200,
        { 'Content-Type': type, 'Content-Length': length, 'Docker-Content-Digest': digestOf(body) },
        body,
      )
    }
    const blob = blobs.get(reference)
    if (!blob) return error(404, 'BLOB_UNKNOWN', 'blob unknown')
    answer(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': String(blob.length) }, blob)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const registry: TestRegistry = {
    before: () => undefined,
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    pulls,
    digest: (repository) => digestOf(manifest(repository)),
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return registry
}
