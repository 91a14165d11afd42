// The kernel rules a node's Pods need beyond what Docker makes for its bridge.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A chain of ours, the place it is called from, and its rules; words as iptables takes them. */
export interface Chain {
  table: 'nat' | 'filter'
  name: string
  /** The built-in chain whose last rule jumps to it. */
  from: string
  rules: readonly (readonly string[])[]
}

/** The chains for a node whose Pods have `podCidr` in a cluster of `clusterCidr`; `node` goes into their names. */
export function podChains(node: string, podCidr: string, clusterCidr: string): Chain[] {
  return [
    {
      table: 'nat',
      name: `KUBETS-MASQ-${node}`,
      from: 'POSTROUTING',
      rules: [
        ['!', '-s', podCidr, '-j', 'RETURN'],
        // Pods see each other's own addresses, on whichever node they are
        ['-d', clusterCidr, '-j', 'RETURN'],
        ['-d', '224.0.0.0/4', '-j', 'RETURN'],
        ['-m', 'comment', '--comment', 'Pods reach the world as their node', '-j', 'MASQUERADE'],
      ],
    },
    {
      // last, so that whoever refuses something (kube-proxy, an operator) is asked before
      table: 'filter',
      name: `KUBETS-FORWARD-${node}`,
      from: 'FORWARD',
      rules: [
        ['-s', podCidr, '-j', 'ACCEPT'],
        ['-d', podCidr, '-j', 'ACCEPT'],
      ],
    },
  ]
}

const run = promisify(execFile)
const limitMs = 30_000

async function iptables(args: readonly string[], signal: AbortSignal): Promise<boolean> {
  try {
    await run('iptables', ['-w', '10', ...args], { signal, timeout: limitMs })
    return true
  } catch (error) {
    signal.throwIfAborted()
    // iptables' answers to a question for a rule (1) or a chain (2) that is not there
    if ([1, 2].includes((error as { code?: number }).code ?? 0)) return false
    throw error
  }
}

async function must(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (!(await iptables(args, signal))) throw new Error(`iptables ${args.join(' ')} failed`)
}

/** Makes the kernel have these chains; does nothing where they are as they should be. */
export async function applyChains(chains: readonly Chain[], signal: AbortSignal): Promise<void> {
  for (const { table, name, from, rules } of chains) {
    const t = ['-t', table]
    await iptables([...t, '-N', name], signal)
    const present = await Promise.all(rules.map((rule) => iptables([...t, '-C', name, ...rule], signal)))
    if (!present.every(Boolean)) {
      await must([...t, '-F', name], signal)
      for (const rule of rules) await must([...t, '-A', name, ...rule], signal)
    }
    if (!(await iptables([...t, '-C', from, '-j', name], signal))) {
      await must([...t, '-A', from, '-j', name], signal)
    }
  }
}

/** Takes the chains away. */
export async function removeChains(chains: readonly Chain[], signal: AbortSignal): Promise<void> {
  for (const { table, name, from } of chains) {
    const t = ['-t', table]
    while (await iptables([...t, '-D', from, '-j', name], signal)) continue
    await iptables([...t, '-F', name], signal)
    await iptables([...t, '-X', name], signal)
  }
}

// after every other route: what no node holds is refused here instead of leaving through the default route
const lastMetric = '4278198272'

/** Refuses Pod addresses that no node holds. */
export async function refuseUnknownPods(clusterCidr: string, signal: AbortSignal): Promise<void> {
  const args = ['route', 'replace', 'unreachable', clusterCidr, 'metric', lastMetric]
  await run('ip', args, { signal, timeout: limitMs })
}

/** Takes that route away, if it is there. */
export async function forgetUnknownPods(clusterCidr: string, signal: AbortSignal): Promise<void> {
  const args = ['route', 'del', 'unreachable', clusterCidr, 'metric', lastMetric]
  await run('ip', args, { signal, timeout: limitMs }).catch(() => signal.throwIfAborted())
}
