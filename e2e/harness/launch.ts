import { fileURLToPath } from 'node:url'
import { nodeEnv, nodeFlags } from '@kubets/shared/process/launch.ts'
import { run } from './kubectl.ts'

/** How a program is started: arguments for Node, before the program's own, and the environment. */
export interface Launch {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/**
 * A program of the workspace as deploy/ starts it, with Node's flags and with code that was compiled before.
 * @param compileCache folder of the compiled code; it may be shared by programs
 * @throws when the program does not even tell its flags
 */
export async function launchOf(program: string, compileCache: string): Promise<Launch> {
  const main = fileURLToPath(new URL(`../../${program}/src/main.ts`, import.meta.url))
  const args = [...nodeFlags(program), main]
  const env = { ...process.env, ...nodeEnv(compileCache) }
  // the shortest way through all of a program's imports
  const { code, stderr } = await run(process.execPath, [...args, '--help'], { env })
  if (code !== 0) throw new Error(`${program} --help ended with ${String(code)}: ${stderr}`)
  return { args, env }
}
