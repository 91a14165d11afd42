import type {
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../../types/flowcontrol-v1.ts'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

// staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go, as data

const limited = (
  name: string,
  shares: number,
  lendablePercent: number,
  queuing?: [queues: number, handSize: number, queueLengthLimit: number],
): PriorityLevelConfiguration => {
  const limitResponse: LimitedPriorityLevelConfiguration['limitResponse'] =
    queuing === undefined
      ? { type: 'Reject' }
      : {
          type: 'Queue',
          queuing: { queues: queuing[0], handSize: queuing[1], queueLengthLimit: queuing[2] },
        }
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares, lendablePercent, limitResponse } },
  }
}

/** Always there, and as they are here. */
export const mandatoryPriorityLevels: readonly PriorityLevelConfiguration[] = [
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'exempt' },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  limited('catch-all', 5, 0),
]

/** There from the start; somebody may change them. */
export const suggestedPriorityLevels: readonly PriorityLevelConfiguration[] = [
  limited('system', 30, 33, [64, 6, 50]),
  limited('node-high', 40, 25, [64, 6, 50]),
  limited('leader-election', 10, 0, [16, 4, 50]),
  limited('workload-high', 40, 50, [128, 6, 50]),
  limited('workload-low', 100, 90, [128, 6, 50]),
  limited('global-default', 20, 50, [128, 6, 50]),
]

const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }))
const users = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'User', user: { name } }))
const kubeSystemAccounts = (...names: string[]): Subject[] =>
  names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } }))
const everybody = groups('system:unauthenticated', 'system:authenticated')
const controllerManager = users('system:kube-controller-manager')

const resources = (verbs: string[], apiGroup: string, names: string[], clusterScope = false): ResourcePolicyRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources: names,
  ...(clusterScope ? { clusterScope } : {}),
  namespaces: ['*'],
})
const anything = (subjects: Subject[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [resources(['*'], '*', ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
})
const ofResources = (subjects: Subject[], ...resourceRules: ResourcePolicyRule[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules,
})
const getAndWrite = ['get', 'create', 'update']
const leases = (verbs: string[]): ResourcePolicyRule => resources(verbs, 'coordination.k8s.io', ['leases'])

const schema = (
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: '' | 'ByUser' | 'ByNamespace',
  rules: PolicyRulesWithSubjects,
): FlowSchema => ({
  apiVersion,
  kind: 'FlowSchema',
  metadata: { name },
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher === '' ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [rules],
  },
})

/** Always there, and as they are here. */
export const mandatoryFlowSchemas: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, '', anything(groups('system:masters'))),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', anything(everybody)),
]

/** There from the start; somebody may change them. */
export const suggestedFlowSchemas: readonly FlowSchema[] = [
  schema('probes', 'exempt', 2, '', {
    subjects: everybody,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema(
    'system-leader-election',
    'leader-election',
    100,
    'ByUser',
    ofResources(
      [...controllerManager, ...users('system:kube-scheduler'), ...kubeSystemAccounts('*')],
      leases(getAndWrite),
    ),
  ),
  schema(
    'system-node-high',
    'node-high',
    400,
    'ByUser',
    ofResources(groups('system:nodes'), resources(['*'], '', ['nodes', 'nodes/status'], true), leases(['*'])),
  ),
  schema('system-nodes', 'system', 500, 'ByUser', anything(groups('system:nodes'))),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', anything(controllerManager)),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', anything(users('system:kube-scheduler'))),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', anything(kubeSystemAccounts('*'))),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', anything(groups('system:serviceaccounts'))),
  schema('global-default', 'global-default', 9900, 'ByUser', anything(everybody)),
]
