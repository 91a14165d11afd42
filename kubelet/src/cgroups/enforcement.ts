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

/** Those that may be limited, in upstream's order. */
const others = [
  { name: 'system-reserved', title: 'System', of: 'system' },
  { name: 'kube-reserved', title: 'Kube', of: 'kube' },
] as const

/** Limits the cgroups of the rest of the machine as the flags say. Rejects when one of them cannot be limited. */
// node_container_manager_linux.go enforceNodeAllocatableCgroups
export async function enforceReserved(
  options: EnforcementOptions,
  tree: CgroupTree | undefined,
  recorder: Recorder,
  node: ObjectReference,
): Promise<void> {
  const enforced = [false, true].flatMap((compressible) =>
    others.flatMap(({ name, ...one }) =>
      options.enforceNodeAllocatable.includes(compressible ? `${name}-compressible` : name)
        ? [{ ...one, compressible }]
        : [],
    ),
  )
  for (const { title, of, compressible } of enforced) {
    const cgroup = options[`${of}ReservedCgroup`] ?? ''
    const amounts = Object.entries(options[`${of}Reserved`])
    const quantities = new Map(amounts.map(([key, amount]) => [key, parseQuantity(amount)]))
    try {
      if (!tree) throw new Error("the machine's cgroups cannot be had")
      await tree.validate(cgroup)
      await tree.set(cgroup, settingsOf(quantities, compressible))
    } catch (error) {
      const limits = `${title} Reserved ${compressible ? 'Compressible ' : ''}Cgroup Limits`
      const why = `Failed to enforce ${limits} on "${cgroup}": ${(error as Error).message}`
      recorder.event(node, 'Warning', 'FailedNodeAllocatableEnforcement', why)
      throw new Error(why, { cause: error })
    }
    const message = `Updated limits on ${of} reserved cgroup ${cgroup}`
    recorder.event(node, 'Normal', 'NodeAllocatableEnforced', message)
  }
}
