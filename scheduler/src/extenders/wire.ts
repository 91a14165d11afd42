import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { ExtenderVerdict } from '../framework/extender.ts'
import type { Candidate } from '../preemption/victims.ts'

// What is sent and understood. Go's decoder does not look at the case of names, and extenders rely on it.
// k8s.io/kube-scheduler/extender/v1/types.go

/** The scores of extenders end here. */
// k8s.io/kube-scheduler/extender/v1/types.go MaxExtenderPriority
export const maxExtenderScore = 10

/** The body of a question about nodes: their names where the extender knows them, else the objects. */
export function nodeArgs({ pod }: PodInfo, nodes: readonly NodeInfo[], byName: boolean): object {
  if (byName) return { Pod: pod, Nodes: null, NodeNames: nodes.map(({ name }) => name) }
  return { Pod: pod, Nodes: { metadata: {}, items: nodes.map(({ node }) => node) }, NodeNames: null }
}

/**
 * What the extender says of the nodes.
 * @throws its error; what is wrong with its answer
 */
// pkg/scheduler/extender.go HTTPExtender.Filter
export function readVerdict(
  answer: unknown,
  asked: readonly NodeInfo[],
  byName: boolean,
  url: string,
): ExtenderVerdict {
  failWith(answer)
  const byNodeName = new Map(asked.map((node) => [node.name, node]))
  const find = (name: string): NodeInfo => {
    const node = byNodeName.get(name)
    if (node) return node
    const claim = `claims a filtered node ${JSON.stringify(name)} which is not found in the input node list`
    throw new Error(`extender ${JSON.stringify(url)} ${claim}`)
  }
  const names = byName ? field(answer, 'NodeNames') : undefined
  const objects = field(field(answer, 'Nodes'), 'items')
  const kept = Array.isArray(names) ? names : listOf(objects).map((node) => field(field(node, 'metadata'), 'name'))
  return {
    nodes: kept.map((name) => find(textOf(name))),
    failed: texts(field(answer, 'FailedNodes')),
    unresolvable: texts(field(answer, 'FailedAndUnresolvableNodes')),
  }
}

/** Scores by node, as the extender counts them. */
export function readScores(answer: unknown): Map<string, number> {
  if (answer !== null && !Array.isArray(answer))
    throw new Error('json: cannot unmarshal object into a HostPriorityList')
  const scores = new Map<string, number>()
  for (const one of listOf(answer)) {
    const score = field(one, 'Score')
    scores.set(textOf(field(one, 'Host')), Number.isSafeInteger(score) ? (score as number) : 0)
  }
  return scores
}

/** The body of the question which nodes' Pods may go. */
// pkg/scheduler/extender.go HTTPExtender.ProcessPreemption
export function preemptionArgs({ pod }: PodInfo, candidates: readonly Candidate[], byName: boolean): object {
  const meta = ({ uid }: PodInfo): object => ({ UID: uid })
  const whole = (victim: PodInfo): object => victim.pod
  const byNode = candidates.map(({ node, victims, violations }): [string, object] => [
    node.name,
    { Pods: victims.map(byName ? meta : whole), NumPDBViolations: violations },
  ])
  const map = Object.fromEntries(byNode)
  return { Pod: pod, NodeNameToVictims: byName ? null : map, NodeNameToMetaVictims: byName ? map : null }
}

/**
 * The candidates that the extender leaves, with the victims that it names.
 * @throws when it names a node or a Pod that is not there
 */
// pkg/scheduler/extender.go HTTPExtender.convertToVictims
export function readCandidates(answer: unknown, snapshot: Snapshot, url: string): Candidate[] {
  const byNode = field(answer, 'NodeNameToMetaVictims')
  return Object.entries(recordOf(byNode)).map(([name, victims]) => {
    const node = snapshot.node(name)
    if (!node) throw new Error(`nodeinfo not found for node name ${JSON.stringify(name)}`)
    const violations = Number(field(victims, 'NumPDBViolations') ?? 0)
    const pods = listOf(field(victims, 'Pods')).map((one) => {
      const uid = textOf(field(one, 'UID'))
      const pod = node.pods.get(uid)
      if (pod) return pod
      const where = `on node: ${name}, but the pod is not found on that node`
      throw new Error(`extender: ${url} claims to preempt pod (UID: &MetaPod{UID:${uid},}) ${where}`)
    })
    return { node, victims: pods, violations }
  })
}

/** @throws the error that an answer holds */
export function failWith(answer: unknown): void {
  const error = textOf(field(answer, 'Error'))
  if (error !== '') throw new Error(error)
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function field(object: unknown, name: string): unknown {
  const record = recordOf(object)
  if (Object.hasOwn(record, name)) return record[name]
  const lower = name.toLowerCase()
  const key = Object.keys(record).find((one) => one.toLowerCase() === lower)
  return key === undefined ? undefined : record[key]
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): Map<string, string> {
  return new Map(Object.entries(recordOf(value)).map(([name, text]) => [name, textOf(text)]))
}
