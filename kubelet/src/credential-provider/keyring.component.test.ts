import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { repositoryOf } from '../images/keyring.ts'
import { removeImage } from '../runtime/docker/image.testing.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { openKeyring, type KeyringOptions } from './keyring.ts'
import { providerMetrics } from './metrics.ts'

const digest = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** What a registry has of an image with one empty layer, by path. */
function imageFiles(repository: string): Map<string, { type: string; body: Buffer | string }> {
  const tar = Buffer.alloc(1024)
  const layer = gzipSync(tar)
  const platform = { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' }
  const config = JSON.stringify({ ...platform, config: {}, rootfs: { type: 'layers', diff_ids: [digest(tar)] } })
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const blob = (body: Buffer | string, mediaType: string) => ({ mediaType, size: body.length, digest: digest(body) })
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: blob(config, 'application/vnd.docker.container.image.v1+json'),
    layers: [blob(layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
  })
  const at = `/v2/${repository}`
  return new Map([
    ['/v2/', { type: 'application/json', body: '{}' }],
    [`${at}/manifests/1`, { type, body: manifest }],
    [`${at}/manifests/${digest(manifest)}`, { type, body: manifest }],
    [`${at}/blobs/${digest(config)}`, { type: 'application/octet-stream', body: config }],
    [`${at}/blobs/${digest(layer)}`, { type: 'application/octet-stream', body: layer }],
  ])
}

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: { containers: [] },
}

describe('the keyring of the node', () => {
  const repository = `kubets-test/private-${process.pid}`
  const registry = new Registry()
  const metrics = providerMetrics(registry)
  const stopping = new AbortController()
  const { signal } = stopping
  let folder = ''
  let image = ''
  const files = imageFiles(repository)
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const found = files.get(request.url ?? '')
    if (request.headers.authorization !== `Basic ${btoa('robot:secret')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end('{}')
    } else if (found) response.writeHead(200, { 'content-type': found.type }).end(found.body)
    else response.writeHead(404).end('{}')
  })

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    image = `127.0.0.1:${(server.address() as AddressInfo).port}/${repository}:1`
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-keyring-'))
  })

  afterAll(async () => {
    stopping.abort()
    await removeImage(image).catch(() => undefined)
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true })
  })

  const options = (): KeyringOptions => ({
    config: path.join(folder, 'config.yaml'),
    folder,
    rootDir: folder,
    objects: { serviceAccount: () => Promise.resolve(undefined) },
    tokens: { get: () => Promise.reject(new Error('no tokens')) },
    metrics,
    clock,
    log,
    lifetime: signal,
  })
  const program = (script: string) => writeFile(path.join(folder, 'provider'), `#!/bin/sh\n${script}`, { mode: 0o755 })

  it('opens a private registry with what a provider says', async () => {
    const answer = JSON.stringify({
      kind: 'CredentialProviderResponse',
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      cacheKeyType: 'Registry',
      auth: { '127.0.0.1:*': { username: 'no', password: 'no' }, [repositoryOf(image)]: { username: 'robot' } },
    })
    const said = answer.replace('"robot"', '"robot","password":"\'$PASSWORD\'"')
    await program(`cat >> ${folder}/asked\nprintf '%s' '${said}'\n`)
    const config = {
      kind: 'CredentialProviderConfig',
      apiVersion: 'kubelet.config.k8s.io/v1',
      providers: [
        {
          name: 'provider',
          apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
          matchImages: [repositoryOf(image).split('/')[0]],
          defaultCacheDuration: '1h',
          env: [{ name: 'PASSWORD', value: 'secret' }],
        },
      ],
    }
    await writeFile(path.join(folder, 'config.yaml'), JSON.stringify(config))
    const keyring = await openKeyring(options())
    const runtime = testRuntime(`kubets-test-keyring-${process.pid}`)
    await expect(runtime.pullImage(image, undefined, signal)).rejects.toThrow(/no basic auth credentials/)
    const [first, ...others] = await keyring.lookup(repositoryOf(image), pod, signal)
    expect({ first, others }).toEqual({ first: { auth: { username: 'robot', password: 'secret' } }, others: [] })
    await runtime.pullImage(image, first?.auth, signal)
    expect(await runtime.imageStatus(image, signal)).toMatchObject({ repoTags: [image] })
    await keyring.lookup(repositoryOf(image), pod, signal)
    expect(JSON.parse(await readFile(path.join(folder, 'asked'), 'utf8'))).toEqual({
      kind: 'CredentialProviderRequest',
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      image: repositoryOf(image),
    })
  })

  it('does without a provider that fails, and has what docker login left', async () => {
    await program('echo broken >&2; exit 3\n')
    const auths = { [repositoryOf(image)]: { auth: btoa('robot:secret') } }
    await writeFile(path.join(folder, 'config.json'), JSON.stringify({ auths }))
    const keyring = await openKeyring(options())
    expect(await keyring.lookup(repositoryOf(image), pod, signal)).toEqual([
      { auth: { username: 'robot', password: 'secret' } },
    ])
    const counted = await registry.metrics()
    expect(counted).toContain('kubelet_credential_provider_plugin_errors{plugin_name="provider"} 1')
    expect(counted).toContain('kubelet_credential_provider_plugin_duration_count{plugin_name="provider"} 2')
  })

  it.each([
    [{ folder: '/nowhere' }, 'plugin binary directory /nowhere did not exist'],
    [{ folder: '/' }, 'plugin binary executable /provider did not exist'],
    [{ config: '' }, 'credential provider config path is empty'],
  ])('does not begin without what it needs: %j', async (wrong, message) => {
    await expect(openKeyring({ ...options(), ...wrong })).rejects.toThrow(new Error(message))
  })
})
