import { dirname } from 'node:path'
import { supervise } from './cluster/supervisor.ts'
import { down } from './down.ts'
import { UserError } from './errors.ts'
import { readSettings, type Settings } from './settings.ts'
import { cleanup, program, setup } from './container.ts'
import { status } from './status.ts'
import { test } from './test.ts'
import { up } from './up.ts'

const usage = `Usage: kubets <command> [flags]
  up         start the cluster on this machine and wait until its node is Ready
  down       end it and leave nothing behind (--purge: remove the data too)
  status     what runs, since when, and the last error of what does not (-o json)
  test       run every check and test from nothing
  supervise  (what 'up' starts in the background) keep the programs running
What the containers of deploy/compose.yaml run:
  setup      make certificates, kubeconfigs, health checks and base images
  program X  be the program X of the cluster
  cleanup    end kubelet and kube-proxy and remove what they made on the host
See deploy/README.md for the flags.
`

/** Each command answers with its exit code. */
const commands: Readonly<Record<string, (settings: Settings) => Promise<number>>> = {
  up: (settings) => up(settings).then(() => 0),
  down: (settings) => down(settings).then(() => 0),
  status,
  test,
  setup: (settings) => setup(settings).then(() => 0),
  program,
  cleanup: (settings) => cleanup(settings).then(() => 0),
  supervise: (settings) => supervise(settings).then(() => 0),
}

const [verb = '', ...flags] = process.argv.slice(2)
const command = commands[verb]
if (command === undefined) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  try {
    const root = dirname(dirname(import.meta.dirname))
    process.exitCode = await command(readSettings(root, flags, process.env))
  } catch (error) {
    // No stack trace reaches a user; KUBETS_DEBUG is for whoever mends kubets.
    const text = error instanceof Error ? (process.env.KUBETS_DEBUG ? error.stack : error.message) : String(error)
    process.stderr.write(error instanceof UserError ? `${text ?? ''}\n` : `kubets ${verb} failed: ${text ?? ''}\n`)
    process.exitCode = 1
  }
}
