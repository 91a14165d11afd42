import { mergePatch } from '@kubets/shared/machinery/patch/merge-patch.ts'
import { FlagError, readFlags, type FlagSpec } from '@kubets/shared/process/options.ts'
import { flags, toOptions, type Options } from '../options.ts'
import { leaves } from './fields.ts'
import { readConfig } from './read.ts'
import { problemsOf } from './validate.ts'
import { fromText, setAt, toText, valueAt, withDefaults, type Configuration } from './values.ts'

/** How the kubelet runs, and the same as a KubeletConfiguration. */
export interface Configured {
  options: Options
  configuration: Configuration
  /** What its file says that nobody understands. */
  warnings: readonly string[]
}

/**
 * Reads the flags, and the files that --config and --config-dir name: what a flag says wins over the files.
 * Rejects with all that is wrong.
 */
// cmd/kubelet/app/server.go NewKubeletCommand, kubeletConfigFlagPrecedence
export async function configured(argv: readonly string[]): Promise<Configured> {
  const given = givenTexts(argv)
  const warnings: string[] = []
  const config = await readConfig(given['config'], given['config-dir'], (problem) => warnings.push(problem))
  for (const [path, leaf] of leaves()) {
    const text = leaf.flag && given[leaf.flag]
    if (text === undefined) continue
    const value = fromText(leaf, text)
    // of gates each is said by itself
    setAt(config, path, path[0] === 'featureGates' ? mergePatch(valueAt(config, path) ?? {}, value) : value)
  }
  const configuration = withDefaults(config)
  const problems = problemsOf(configuration)
  if (problems.length > 0) {
    const error = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
    const where = given['config'] === undefined ? '' : `, path: ${given['config']}`
    throw new Error(`failed to validate kubelet configuration, error: ${error}${where}`)
  }
  return { options: toOptions(readFlags(saying(configuration), argv), configuration), configuration, warnings }
}

/** The texts of the flags that are given, by name. */
function givenTexts(argv: readonly string[]): Record<string, string | undefined> {
  const raw: FlagSpec = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => {
      const parse = (text: string): string => {
        flag.parse(text)
        return text
      }
      return [name, { ...flag, parse, default: undefined, optional: true }]
    }),
  )
  return readFlags(raw, argv) as Record<string, string | undefined>
}

/** The flags, with what the configuration says for their defaults. */
function saying(configuration: Configuration): typeof flags {
  const spec: FlagSpec = { ...flags }
  for (const [path, leaf] of leaves()) {
    const value = valueAt(configuration, path)
    const flag = leaf.flag && spec[leaf.flag]
    if (!flag || value === undefined) continue
    try {
      spec[leaf.flag] = { ...flag, default: flag.parse(toText(leaf, value)) }
    } catch (error) {
      const reason = `invalid value ${JSON.stringify(value)} for ${path.join('.')}: ${(error as Error).message}`
      throw new FlagError(reason)
    }
  }
  return spec as typeof flags
}
