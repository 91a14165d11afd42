import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { discoveryCases } from './kubectl/discovery.ts'
import { nodeCases } from './kubectl/nodes.ts'
import { objectCases } from './kubectl/objects.ts'
import { outputCases } from './kubectl/output.ts'
import { podCases } from './kubectl/pods.ts'
import { kubectlOf, versions } from './kubectl/versions.ts'
import { workloadCases } from './kubectl/workloads.ts'

const cases = [...objectCases, ...outputCases, ...discoveryCases, ...nodeCases, ...workloadCases, ...podCases]

/** Old and new kubectls that we did not write find nothing strange: one table of cases, run by each. Minutes, so not a suite. */
describe.each(versions())('kubectl $name', (version) => {
  let namespace: Namespace
  let kubectl: ReturnType<typeof kubectlOf>
  beforeAll(async () => {
    namespace = await makeNamespace(`kubectl-1-${String(version.minor)}`)
    kubectl = kubectlOf(version, namespace)
  })
  afterAll(async () => {
    kubectl.end()
    await removeNamespace(namespace)
  })

  it('is that version', () => {
    if (version.name.startsWith('v')) expect(`${version.says}.`).toContain(`${version.name}.`)
    if (version.name === 'current') expect(version.minor).toBeGreaterThanOrEqual(36)
    expect(version.says).toContain(`v1.${String(version.minor)}.`)
  })
  describe.concurrent('', () => {
    it.each(cases.filter(({ since = 0 }) => since <= version.minor))('$name', (one) => one.run(kubectl))
  })
})
