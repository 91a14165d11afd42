import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'

/** A registry on this machine's loopback with one image. */
export interface Registry {
  /** The image's name, with the registry's address in it. */
  readonly image: string
  /** How often its manifest was asked for. */
  pulls(): number
  stop(): Promise<void>
}

const digest = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

type Files = Readonly<Record<string, string | Buffer>>

/** Serves an image of layers, each a table of files by path; bytes are programs. distribution/spec, image manifest v2 schema 2 */
export async function serveImage(name: string, layers: readonly Files[]): Promise<Registry> {
  const tars = await Promise.all(layers.map(tarOf))
  const blobs = new Map<string, Buffer>()
  const keep = (bytes: Buffer): { size: number; digest: string } => {
    blobs.set(digest(bytes), bytes)
    return { size: bytes.length, digest: digest(bytes) }
  }
  const rootfs = { type: 'layers', diff_ids: tars.map(digest) }
  const kind = 'application/vnd.docker'
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${kind}.distribution.manifest.v2+json`,
      config: {
        mediaType: `${kind}.container.image.v1+json`,
        ...keep(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }))),
      },
      layers: tars.map((tar) => ({ mediaType: `${kind}.image.rootfs.diff.tar.gzip`, ...keep(gzipSync(tar)) })),
    }),
  )
  let pulls = 0
  const server = createServer((request, response) => {
    const [, what, reference = ''] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? []
    const bytes = what === 'manifests' ? manifest : what === 'blobs' ? blobs.get(reference) : Buffer.from('{}')
    if (what === 'manifests') pulls++
    if (!bytes) return response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': what === 'manifests' ? `${kind}.distribution.manifest.v2+json` : 'application/octet-stream',
      'content-length': bytes.length,
      'docker-content-digest': digest(bytes),
      'docker-distribution-api-version': 'registry/2.0',
    })
    return response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    image: `127.0.0.1:${String((server.address() as AddressInfo).port)}/${name}:1`,
    pulls: () => pulls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function tarOf(files: Files): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubets-layer-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), content, { mode: typeof content === 'string' ? 0o644 : 0o755 })
    }
    const options = { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024 } as const
    return (await promisify(execFile)('tar', ['-c', '-C', folder, '.'], options)).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}
