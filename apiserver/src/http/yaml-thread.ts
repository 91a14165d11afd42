import { parentPort, workerData } from 'node:worker_threads'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import type { YamlResult, YamlTask } from './yaml.ts'

// A thread that reads one YAML text, for yaml.ts.

function read({ text, findDuplicates }: YamlTask): YamlResult {
  try {
    const { value, problems } = parseYaml(text, findDuplicates)
    return { json: JSON.stringify(value), problems }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.postMessage(read(workerData as YamlTask))
