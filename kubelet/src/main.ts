import { parseFlags } from '@kubets/shared/process/options.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { cleanUp } from './cleanup.ts'
import { runKubelet } from './kubelet.ts'
import { flags, toOptions } from './options.ts'

await runMain('kubelet', async (signal) => {
  const options = toOptions(parseFlags('kubelet', flags, process.argv.slice(2)))
  if (options.cleanup) await cleanUp(options, signal)
  else await runKubelet(options, signal)
})
