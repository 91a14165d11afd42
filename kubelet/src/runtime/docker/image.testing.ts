import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import Docker from 'dockerode'
import { pack } from 'tar-stream'
import type { PodIdentity, PodSandboxConfig } from '../types.ts'

/**
 * For tests: makes an image ("name:1") of busybox alone, whose own command sleeps: it serves as the sandbox, too.
 * `applets` are what it can do; there is no shell if not among them.
 */
export async function makeImage(image: string, applets?: readonly string[], docker = new Docker()): Promise<void> {
  const tar = pack()
  const busybox = await readFile('/bin/busybox')
  applets ??= (await promisify(execFile)('/bin/busybox', ['--list'])).stdout.split('\n')
  tar.entry({ name: 'tmp', type: 'directory', mode: 0o1777 })
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, busybox)
  for (const name of applets.filter((one) => one !== '' && one !== 'busybox')) {
    tar.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' })
  }
  tar.finalize()
  const changes = ['CMD ["sleep","1000000"]']
  const options = { fromSrc: '-', repo: image.split(':')[0], tag: '1', changes }
  const stream = await docker.importImage(tar as unknown as NodeJS.ReadableStream, options)
  await text(stream as Readable)
}

/** Removes it. */
export async function removeImage(image: string, docker = new Docker()): Promise<void> {
  await docker.getImage(image).remove()
}

/** A sandbox for the Pod with nothing out of the ordinary. */
export const sandboxOf = (pod: PodIdentity): PodSandboxConfig => ({
  pod,
  attempt: 0,
  hostname: pod.name,
  namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
  portMappings: [],
  sysctls: {},
  privileged: false,
  runtimeHandler: '',
  cgroupParent: '',
  labels: {},
  annotations: {},
})
