// Whom the kernel holds to the amounts that are for them. pkg/kubelet/cm/node_container_manager_linux.go
import type { ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { Recorder } from '../events.ts'
import type { Options } from '../options.ts'
import { settingsOf } from './pod-settings.ts'
import type { CgroupTree } from './tree.ts'

type EnforcementOptions = Pick<
  Options,
  'enforceNodeAllocatable' | 'kubeReserved' | 'systemReserved' | 'kubeReservedCgroup' | 'systemReservedCgroup'
>

const others = ['system-reserved', 'kube-reserved'] as const

function cgroupOf(options: EnforcementOptions, name: (typeof others)[number]): string | undefined {
  return name === 'kube-reserved' ? options.kubeReservedCgroup : options.systemReservedCgroup
}

/** Limits the cgroups of the rest of the machine as the flags say. Rejects when one of them cannot be limited. */
// node_container_manager_linux.go enforceNodeAllocatableCgroups
export async function enforceReserved(
  options: EnforcementOptions,
  tree: CgroupTree | undefined,
  recorder: Recorder,
  node: ObjectReference,
): Promise<void> {
  for (const name of others) {
    const compressible = options.enforceNodeAllocatable.includes(`${name}-compressible`)
    if (!compressible && !options.enforceNodeAllocatable.includes(name)) continue
    const cgroup = cgroupOf(options, name) ?? ''
    const amounts = name === 'kube-reserved' ? options.kubeReserved : options.systemReserved
    const quantities = new Map(Object.entries(amounts).map(([key, amount]) => [key, parseQuantity(amount)]))
    const [system, title] = name === 'kube-reserved' ? ['kube', 'Kube'] : ['system', 'System']
    try {
      if (!tree || !(await tree.exists(cgroup))) throw new Error(`"${cgroup}" cgroup does not exist`)
      await tree.set(cgroup, settingsOf(quantities, compressible))
    } catch (error) {
      const why = `Failed to enforce ${title} Reserved Cgroup Limits on "${cgroup}": ${(error as Error).message}`
      recorder.event(node, 'Warning', 'FailedNodeAllocatableEnforcement', why)
      throw new Error(why, { cause: error })
    }
    const message = `Updated limits on ${system} reserved cgroup ${cgroup}`
    recorder.event(node, 'Normal', 'NodeAllocatableEnforced', message)
  }
}
