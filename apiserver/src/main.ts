import { realClock } from '@kubets/shared/process/clock.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { parseFlags } from '@kubets/shared/process/options.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { once } from 'node:events'
import { startApiServer } from './apiserver.ts'
import { flags, readOptions } from './options.ts'

await runMain('kube-apiserver', async (signal) => {
  const options = readOptions(parseFlags('kube-apiserver', flags, process.argv.slice(2)))
  const server = await startApiServer(options, realClock, createLogger('kube-apiserver'))
  if (!signal.aborted) await once(signal, 'abort')
  await server.close()
})
