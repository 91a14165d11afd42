import { parseFlags } from '@kubets/shared/process/options.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { cleanUp } from './cleanup.ts'
import { runKubelet } from './kubelet.ts'
import { configured } from './config/configured.ts'
import { flags } from './options.ts'

await runMain('kubelet', async (signal) => {
  const argv = process.argv.slice(2)
  parseFlags('kubelet', flags, argv)
  const how = await configured(argv)
  if (how.options.cleanup) await cleanUp(how.options, signal)
  else await runKubelet(how, signal)
})
