import { dirname } from 'node:path'
import { UserError } from './errors.ts'
import { readSettings, type Settings } from './settings.ts'

const usage = `Usage: kubets <command> [flags]
  up         start the cluster on this machine and wait until its node is Ready
  down       end it and leave nothing behind (--purge: remove the data too)
  status     what runs, since when, and the last error of what does not (-o json)
  test       run every check and test from nothing
  supervise  (what 'up' starts in the background) keep the programs running
What the containers of deploy/compose.yaml run:
  compile    (when the image is made) fill Node's compile cache
  setup      make certificates, kubeconfigs, health checks and base images
  program X  be the program X of the cluster
  cleanup    end kubelet and kube-proxy and remove what they made on the host
See deploy/README.md for the flags.
`

type Command = (settings: Settings) => Promise<unknown>

/** Each command is loaded alone: the supervisor stays for as long as the cluster, and needs little of the rest. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./up.ts')).up,
  down: async () => (await import('./down.ts')).down,
  status: async () => (await import('./status.ts')).status,
  test: async () => (await import('./test.ts')).test,
  compile: async () => (await import('./cluster/compiled.ts')).ensureCompiled,
  setup: async () => (await import('./container.ts')).setup,
  program: async () => (await import('./container.ts')).program,
  cleanup: async () => (await import('./container.ts')).cleanup,
  supervise: async () => (await import('./cluster/supervisor.ts')).supervise,
}

const [verb = '', ...flags] = process.argv.slice(2)
const load = commands[verb]
if (load === undefined) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  try {
    const root = dirname(dirname(import.meta.dirname))
    const settings = readSettings(root, flags, process.env)
    const code = await (await load())(settings)
    process.exitCode = typeof code === 'number' ? code : 0
  } catch (error) {
    // No stack trace reaches a user; KUBETS_DEBUG is for whoever mends kubets.
    const text = error instanceof Error ? (process.env.KUBETS_DEBUG ? error.stack : error.message) : String(error)
    process.stderr.write(error instanceof UserError ? `${text ?? ''}\n` : `kubets ${verb} failed: ${text ?? ''}\n`)
    process.exitCode = 1
  }
}
