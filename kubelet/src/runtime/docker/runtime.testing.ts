import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { createDockerRuntime, type DockerRuntimeOptions } from './index.ts'

/**
 * For tests: a Docker, the machine's unless another is given, as the runtime of a node, whose containers alone it sees. Without `infraImage` it can start
 * no Pod, without `networkName` none with a network of its own.
 */
export function testRuntime(
  nodeName: string,
  {
    endpoint = 'unix:///var/run/docker.sock',
    infraImage = 'none',
    networkName = 'none',
  }: Partial<Pick<DockerRuntimeOptions, 'endpoint' | 'infraImage' | 'networkName'>> = {},
): ReturnType<typeof createDockerRuntime> {
  return createDockerRuntime({ endpoint, nodeName, infraImage, networkName, negativeOomScores: false, clock, log })
}
