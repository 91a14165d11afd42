import { describe, expect, it } from 'vitest'
import { profilesOf } from '../cases.ts'
import { defaultConfig, readConfig } from './read.ts'

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'
/** One profile with this below it, as flow YAML. */
const profile = (text: string): string => `${head}profiles: [{${text}}]`
const args = (name: string, text: string): string => profile(`pluginConfig: [{name: ${name}, args: {${text}}}]`)
const at = 'profiles[0].pluginConfig[0].args'
const extender = (...all: string[]): string =>
  `${head}extenders: [${all.map((text) => `{urlPrefix: "http://127.0.0.1", ${text}}`).join(', ')}]`

describe('readConfig', () => {
  it('fills in what is not said', () => {
    expect(readConfig(head)).toEqual(defaultConfig())
    expect(defaultConfig()).toMatchObject({
      leaderElect: true,
      percentageOfNodesToScore: 0,
      podInitialBackoffSeconds: 1,
      podMaxBackoffSeconds: 10,
      profiles: [{ schedulerName: 'default-scheduler', args: { VolumeBinding: { bindTimeoutSeconds: 600 } } }],
    })
  })

  it('reads what is said', () => {
    const text = `${head}clientConnection: {kubeconfig: /etc/kubeconfig, qps: 100}
leaderElection: {leaderElect: false}
parallelism: 4
percentageOfNodesToScore: 50
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
profiles:
- schedulerName: one
- schedulerName: two
  percentageOfNodesToScore: 0
  pluginConfig:
  - name: NodeResourcesFit
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourcesFitArgs
      scoringStrategy: {type: MostAllocated, resources: [{name: cpu}, {name: example.com/gpu, weight: 5}]}
  - name: SomebodyElses
    args: {any: thing}
`
    expect(readConfig(text)).toMatchObject({
      kubeconfig: '/etc/kubeconfig',
      leaderElect: false,
      percentageOfNodesToScore: 50,
      podInitialBackoffSeconds: 2,
      podMaxBackoffSeconds: 20,
      profiles: [
        { schedulerName: 'one' },
        {
          schedulerName: 'two',
          percentageOfNodesToScore: 0,
          args: {
            NodeResourcesFit: {
              scoringStrategy: {
                type: 'MostAllocated',
                resources: [
                  { name: 'cpu', weight: 1 },
                  { name: 'example.com/gpu', weight: 5 },
                ],
              },
            },
          },
        },
      ],
    })
  })

  const scheme = 'in scheme "pkg/scheduler/apis/config/scheme/scheme.go:30"'
  const ratio = (shape: string): string =>
    args(
      'NodeResourcesFit',
      `scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [${shape}]}}`,
    )
  const shapeAt = `${at}.scoringStrategy.requestedToCapacityRatio.shape`
  const spread = (text: string): string =>
    args('PodTopologySpread', `defaultingType: List, defaultConstraints: [${text}]`)

  it.each<[string, string, string]>([
    ['no kind', 'apiVersion: v1', "Object 'Kind' is missing in 'apiVersion: v1'"],
    [
      'an old version',
      head.replace('/v1', '/v1beta3'),
      `no kind "KubeSchedulerConfiguration" is registered for version "kubescheduler.config.k8s.io/v1beta3" ${scheme}`,
    ],
    ['an unknown field', `${head}profile: []`, 'strict decoding error: unknown field "profile"'],
    [
      'an unknown field further in',
      profile('plugins: {score: {enable: []}}'),
      'strict decoding error: unknown field "profiles[0].plugins.score.enable"',
    ],
    [
      'a text for a number',
      `${head}parallelism: many`,
      'json: cannot unmarshal string into Go struct field KubeSchedulerConfiguration.parallelism of type int32',
    ],
    [
      'no parallelism',
      `${head}parallelism: 0`,
      'parallelism: Invalid value: 0: should be an integer value greater than zero',
    ],
    [
      'too much of everything',
      `${head}percentageOfNodesToScore: 101`,
      'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]',
    ],
    [
      'several things',
      `${head}podInitialBackoffSeconds: 0\npodMaxBackoffSeconds: -1`,
      '[podInitialBackoffSeconds: Invalid value: 0: must be greater than 0, ' +
        'podMaxBackoffSeconds: Invalid value: -1: must be greater than or equal to PodInitialBackoffSeconds]',
    ],
    [
      'another lock',
      `${head}leaderElection: {leaderElect: true, resourceLock: configmaps}`,
      'leaderElection.resourceLock: Invalid value: "configmaps": resourceLock value must be "leases"',
    ],
    [
      'a nameless profile among others',
      `${head}profiles: [{schedulerName: a}, {}]`,
      'profiles[1].schedulerName: Required value',
    ],
    [
      'two of one name',
      `${head}profiles: [{schedulerName: a}, {schedulerName: a}]`,
      'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
    ],
    [
      'queues sorted in two ways',
      `${head}profiles: [{schedulerName: a}, {schedulerName: b, plugins: {queueSort: {disabled: [{name: PrioritySort}]}}}]`,
      'must be the same for all profiles',
    ],
    [
      'arguments told twice',
      profile('pluginConfig: [{name: NodeAffinity}, {name: NodeAffinity}]'),
      'profiles[0].pluginConfig[1]: Duplicate value: "NodeAffinity"',
    ],
    [
      'an unknown argument',
      args('DefaultPreemption', 'foo: 1'),
      'decoding .profiles[0].pluginConfig[0]: decoding args for plugin DefaultPreemption: strict decoding error: unknown field "foo"',
    ],
    [
      "another plugin's arguments",
      args('DefaultPreemption', 'kind: NodeAffinityArgs'),
      'decoding .profiles[0].pluginConfig[0]: args for plugin DefaultPreemption were not of type ' +
        'DefaultPreemptionArgs.kubescheduler.config.k8s.io, got NodeAffinityArgs.kubescheduler.config.k8s.io',
    ],
    [
      'a share of candidates beyond all',
      args('DefaultPreemption', 'minCandidateNodesPercentage: 101'),
      `${at}.minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]`,
    ],
    [
      'no candidates',
      args('DefaultPreemption', 'minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0'),
      'cannot be zero at the same time as minCandidateNodesAbsolute',
    ],
    [
      'a weight beyond 100',
      args('InterPodAffinity', 'hardPodAffinityWeight: 101'),
      `${at}.hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]`,
    ],
    [
      'balance with weights',
      args('NodeResourcesBalancedAllocation', 'resources: [{name: cpu, weight: 2}, {name: cpu}]'),
      `[${at}.resources[0].weight: Invalid value: 2: must be 1, ${at}.resources[1].name: Duplicate value: "cpu"]`,
    ],
    [
      'an unknown strategy',
      args('NodeResourcesFit', 'scoringStrategy: {type: Best}'),
      `${at}.scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"`,
    ],
    [
      'a resource that weighs too much',
      args('NodeResourcesFit', 'scoringStrategy: {type: LeastAllocated, resources: [{name: cpu, weight: 101}]}'),
      `${at}.scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]`,
    ],
    [
      'a ratio without its shape',
      args('NodeResourcesFit', 'scoringStrategy: {type: RequestedToCapacityRatio}'),
      `${at}.scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio`,
    ],
    ['a shape without points', ratio(''), `${shapeAt}: Required value: at least one point must be specified`],
    [
      'points out of order',
      ratio('{utilization: 50, score: 1}, {utilization: 10, score: 11}'),
      `[${shapeAt}[1].utilization: Invalid value: 10: values must be sorted in increasing order, ` +
        `${shapeAt}[1].score: Invalid value: 11: not in valid range [0, 10]]`,
    ],
    [
      'a group of ignored resources with a slash',
      args('NodeResourcesFit', 'ignoredResourceGroups: [example.com/a]'),
      `${at}.ignoredResourceGroups[0]: Invalid value: "example.com/a": resource group name can't contain '/'`,
    ],
    [
      'constraints beside those of the system',
      args(
        'PodTopologySpread',
        'defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]',
      ),
      `${at}.defaultingType: Invalid value: "System": when .defaultConstraints are not empty`,
    ],
    [
      'an empty constraint',
      spread('{maxSkew: 0, topologyKey: "", whenUnsatisfiable: ""}'),
      `[${at}.defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf), ` +
        `${at}.defaultConstraints[0].topologyKey: Required value: can not be empty, ` +
        `${at}.defaultConstraints[0].whenUnsatisfiable: Required value: can not be empty]`,
    ],
    [
      'a constraint with a selector',
      spread('{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}'),
      `${at}.defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod`,
    ],
    [
      'a constraint twice',
      spread(Array(2).fill('{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}').join()),
      `${at}.defaultConstraints[1]: Duplicate value: "{zone, ScheduleAnyway}"`,
    ],
    [
      'no time at all',
      args('VolumeBinding', 'bindTimeoutSeconds: -1'),
      `${at}.bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value`,
    ],
    [
      'less than no time',
      args('DynamicResources', 'filterTimeout: -1s'),
      `${at}.filterTimeout: Invalid value: "-1s": must be zero or positive`,
    ],
    [
      'too little time for devices',
      args('DynamicResources', 'bindingTimeout: 999ms'),
      `${at}.bindingTimeout: Invalid value: "999ms": must be at least 1 second`,
    ],
    [
      'an extender that scores without weight',
      extender('prioritizeVerb: score'),
      'extenders[0].weight: Invalid value: 0: must have a positive weight applied to it',
    ],
    [
      'two extenders that bind',
      extender('bindVerb: bind', 'bindVerb: bind'),
      'extenders: Invalid value: "found 2 extenders implementing bind": only one extender can implement bind',
    ],
    [
      'an extender for what is no extended resource',
      extender('managedResources: [{name: cpu}]'),
      'extenders[0].managedResources[0].name: Invalid value: "cpu": is an invalid extended resource name',
    ],
    [
      'a resource that two extenders manage',
      extender('managedResources: [{name: example.com/gpu}]', 'managedResources: [{name: example.com/gpu}]'),
      'extenders[1].managedResources[0].name: Invalid value: "example.com/gpu": duplicate extender managed resource name',
    ],
    [
      'an extender with a field that there is not',
      extender('filterverb: filter'),
      'strict decoding error: unknown field "extenders[0].filterverb"',
    ],
  ])('refuses %s', (_name, text, want) => {
    expect(() => readConfig(text)).toThrow(want)
  })
})

describe('extenders', () => {
  it('are asked in their order, those last that can be done without', () => {
    const { extenders } = readConfig(
      extender('ignorable: true, filterVerb: f', 'httpTimeout: 1m30s, weight: 2, prioritizeVerb: p', 'bindVerb: b'),
    )
    expect(extenders).toMatchObject([
      { prioritizeVerb: 'p', weight: 2, timeoutMs: 90_000, ignorable: false },
      { bindVerb: 'b', timeoutMs: 5_000 },
      { filterVerb: 'f', ignorable: true },
    ])
  })

  it('may keep resources from being counted', () => {
    const managed = 'managedResources: [{name: example.com/gpu, ignoredByScheduler: true}, {name: example.com/fpga}]'
    const { profiles } = readConfig(extender(managed))
    expect(profiles[0]?.args.NodeResourcesFit.ignoredResources).toEqual(['example.com/gpu'])
  })
})

describe('buildProfiles', () => {
  const named = (text: string) => {
    const [found] = profilesOf({ config: profile(`plugins: {${text}}`) }).values()
    const scores = found?.score.map(({ plugin, weight }) => `${plugin.name} ${weight}`) ?? []
    return { filters: found?.filter.map(({ name }) => name) ?? [], scores }
  }
  const all = named('')

  it('enables what upstream does', () => {
    expect(all.filters).toEqual([
      'NodeUnschedulable',
      'NodeName',
      'TaintToleration',
      'NodeAffinity',
      'NodePorts',
      'NodeResourcesFit',
      'VolumeRestrictions',
      'NodeVolumeLimits',
      'VolumeBinding',
      'VolumeZone',
      'PodTopologySpread',
      'InterPodAffinity',
      'DynamicResources',
    ])
    expect(all.scores.filter((one) => !one.startsWith('VolumeBinding'))).toEqual([
      'TaintToleration 3',
      'NodeAffinity 2',
      'NodeResourcesFit 1',
      'PodTopologySpread 2',
      'InterPodAffinity 2',
      'DynamicResources 2',
      'NodeResourcesBalancedAllocation 1',
      'ImageLocality 1',
    ])
  })

  it.each<[string, string, { filters?: string[]; scores?: string[] }]>([
    [
      'a plugin off everywhere',
      'multiPoint: {disabled: [{name: NodePorts}]}',
      { filters: all.filters.filter((one) => one !== 'NodePorts') },
    ],
    [
      'a plugin off at one point',
      'score: {disabled: [{name: NodeAffinity}]}',
      { filters: all.filters, scores: all.scores.filter((one) => !one.startsWith('NodeAffinity')) },
    ],
    [
      'all off at one point but one',
      'score: {disabled: [{name: "*"}], enabled: [{name: ImageLocality, weight: 7}]}',
      { scores: ['ImageLocality 7'] },
    ],
    [
      'another weight, and the place of one that is named',
      'score: {enabled: [{name: ImageLocality, weight: 7}]}',
      { scores: ['ImageLocality 7', ...all.scores.filter((one) => !one.startsWith('ImageLocality'))] },
    ],
    [
      'another weight everywhere, in its place',
      'multiPoint: {enabled: [{name: NodeAffinity, weight: 9}]}',
      { scores: all.scores.map((one) => (one.startsWith('NodeAffinity') ? 'NodeAffinity 9' : one)) },
    ],
  ])('follows the configuration: %s', (_name, text, want) => {
    expect(named(text)).toMatchObject(want)
  })

  const prefix = 'initializing profiles: creating profile for scheduler name default-scheduler: '
  it.each<[string, string, string]>([
    ['a plugin that is not there', 'filter: {enabled: [{name: Foo}]}', 'FilterPlugin "Foo" does not exist'],
    ['one that is not there anywhere', 'multiPoint: {enabled: [{name: Foo}]}', 'plugin "Foo" does not exist'],
    [
      'a plugin where it has no part',
      'bind: {enabled: [{name: NodePorts}]}',
      'plugin "NodePorts" does not extend BindPlugin plugin',
    ],
    [
      'a plugin twice',
      'filter: {enabled: [{name: NodePorts}, {name: NodePorts}]}',
      'plugin "NodePorts" already registered as "FilterPlugin"',
    ],
    [
      'nobody who binds',
      'bind: {disabled: [{name: "*"}]}',
      'at least one bind plugin is needed for profile with scheduler name "default-scheduler"',
    ],
    [
      'an unsorted queue',
      'queueSort: {disabled: [{name: "*"}]}',
      'no queue sort plugin is enabled for profile with scheduler name "default-scheduler"',
    ],
  ])('refuses %s', (_name, text, want) => {
    expect(() => named(text)).toThrow(prefix + want)
  })
})
