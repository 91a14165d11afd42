import type { NodeAffinity, TopologySpreadConstraint } from '@kubets/shared/api/types/core-v1.ts'
import { checkNodeSelector } from '@kubets/shared/api/kinds/pod-spec/affinity.ts'
import { isQualifiedName } from '@kubets/shared/machinery/names.ts'
import { parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kubets/shared/machinery/fieldpath.ts'

export interface ResourceWeight {
  readonly name: string
  readonly weight: number
}
export interface ShapePoint {
  readonly utilization: number
  readonly score: number
}
export type ScoringType = 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio'

/** What plugins are told, by plugin, as it is after defaulting. */
export interface PluginArgs {
  readonly DefaultPreemption: {
    readonly minCandidateNodesPercentage: number
    readonly minCandidateNodesAbsolute: number
  }
  readonly DynamicResources: {
    /** How long the devices of one node may be tried out; zero: as long as it takes. */
    readonly filterTimeout: string
    /** How long devices may be prepared for a Pod. */
    readonly bindingTimeout: string
  }
  readonly InterPodAffinity: {
    readonly hardPodAffinityWeight: number
    readonly ignorePreferredTermsOfExistingPods: boolean
  }
  readonly NodeAffinity: { readonly addedAffinity: NodeAffinity | undefined }
  readonly NodeResourcesBalancedAllocation: { readonly resources: readonly ResourceWeight[] }
  readonly NodeResourcesFit: {
    readonly ignoredResources: readonly string[]
    readonly ignoredResourceGroups: readonly string[]
    readonly scoringStrategy: {
      readonly type: ScoringType
      readonly resources: readonly ResourceWeight[]
      readonly requestedToCapacityRatio?: { readonly shape?: readonly ShapePoint[] }
    }
  }
  readonly PodTopologySpread: {
    readonly defaultingType: 'System' | 'List'
    readonly defaultConstraints: readonly TopologySpreadConstraint[]
  }
  readonly VolumeBinding: { readonly bindTimeoutSeconds: number; readonly shape?: readonly ShapePoint[] }
}
export type ConfigurablePlugin = keyof PluginArgs

type Given<T> = { readonly [K in keyof T]?: T[K] }

const weighted = (given: readonly Partial<ResourceWeight>[] | undefined): ResourceWeight[] =>
  (given?.length ? given : [{ name: 'cpu' }, { name: 'memory' }]).map(({ name = '', weight }) => ({
    name,
    weight: weight || 1,
  }))

/** Fills in what is not said. */
// pkg/scheduler/apis/config/v1/defaults.go
export const argDefaults: { readonly [K in ConfigurablePlugin]: (given: Given<PluginArgs[K]>) => PluginArgs[K] } = {
  DefaultPreemption: (given) => ({ minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100, ...given }),
  DynamicResources: (given) => ({ filterTimeout: '10s', bindingTimeout: '600s', ...given }),
  InterPodAffinity: (given) => ({ hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false, ...given }),
  NodeAffinity: (given) => ({ addedAffinity: undefined, ...given }),
  NodeResourcesBalancedAllocation: ({ resources }) => ({ resources: weighted(resources) }),
  NodeResourcesFit: ({ ignoredResources = [], ignoredResourceGroups = [], scoringStrategy }) => ({
    ignoredResources,
    ignoredResourceGroups,
    scoringStrategy: {
      ...(scoringStrategy ?? { type: 'LeastAllocated' }),
      resources: weighted(scoringStrategy?.resources),
    },
  }),
  PodTopologySpread: (given) => ({ defaultingType: 'System', defaultConstraints: [], ...given }),
  VolumeBinding: (given) => ({ bindTimeoutSeconds: 600, ...given }),
}

/** All plugins' arguments where nothing is said. */
export const defaultArgs = Object.fromEntries(
  Object.entries(argDefaults).map(([name, defaults]) => [name, (defaults as (given: object) => object)({})]),
) as unknown as PluginArgs

type Check<T> = (args: T, path: FieldPath) => FieldError[]

/** What is wrong with arguments, in upstream's words. */
// pkg/scheduler/apis/config/validation/validation_pluginargs.go
export const argChecks: { readonly [K in ConfigurablePlugin]: Check<PluginArgs[K]> } = {
  DefaultPreemption({ minCandidateNodesPercentage: share, minCandidateNodesAbsolute: number }, path) {
    const [sharePath, numberPath] = [path.child('minCandidateNodesPercentage'), path.child('minCandidateNodesAbsolute')]
    const errors: FieldError[] = []
    if (share < 0 || share > 100) errors.push(invalid(sharePath, share, 'not in valid range [0, 100]'))
    if (number < 0) errors.push(invalid(numberPath, number, 'not in valid range [0, inf)'))
    if (share === 0 && number === 0) {
      errors.push(
        invalid(sharePath, share, 'cannot be zero at the same time as minCandidateNodesAbsolute'),
        invalid(numberPath, number, 'cannot be zero at the same time as minCandidateNodesPercentage'),
      )
    }
    return errors
  },
  DynamicResources({ filterTimeout, bindingTimeout }, path) {
    const errors: FieldError[] = []
    if (parseGoDuration(filterTimeout) < 0n)
      errors.push(invalid(path.child('filterTimeout'), filterTimeout, 'must be zero or positive'))
    if (parseGoDuration(bindingTimeout) < 1_000_000_000n)
      errors.push(invalid(path.child('bindingTimeout'), bindingTimeout, 'must be at least 1 second'))
    return errors
  },
  InterPodAffinity({ hardPodAffinityWeight: weight }, path) {
    if (weight >= 0 && weight <= 100) return []
    return [invalid(path.child('hardPodAffinityWeight'), weight, 'not in valid range [0, 100]')]
  },
  NodeAffinity({ addedAffinity }, path) {
    const errors: FieldError[] = []
    const name = 'requiredDuringSchedulingIgnoredDuringExecution'
    const needed = addedAffinity?.[name]
    if (needed) checkNodeSelector(needed, path.child('addedAffinity', name), errors)
    return errors
  },
  NodeResourcesBalancedAllocation({ resources }, path) {
    const seen = new Set<string>()
    return resources.flatMap(({ name, weight }, i) => {
      const at = path.child('resources').index(i)
      const errors = seen.has(name) ? [duplicate(at.child('name'), name)] : []
      seen.add(name)
      return weight === 1 ? errors : [...errors, invalid(at.child('weight'), weight, 'must be 1')]
    })
  },
  NodeResourcesFit({ ignoredResources, ignoredResourceGroups, scoringStrategy }, path) {
    const { type, resources, requestedToCapacityRatio: ratio } = scoringStrategy
    const at = path.child('scoringStrategy')
    const ratioPath = at.child('requestedToCapacityRatio')
    const errors: FieldError[] = []
    ignoredResources.forEach((name, i) => checkLabelName(name, path.child('ignoredResources').index(i), errors))
    ignoredResourceGroups.forEach((group, i) => {
      const groupPath = path.child('ignoredResourceGroups').index(i)
      if (group.includes('/')) errors.push(invalid(groupPath, group, "resource group name can't contain '/'"))
      checkLabelName(group, groupPath, errors)
    })
    const types = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']
    if (!types.includes(type)) errors.push(notSupported(at.child('type'), type ?? '', types))
    resources.forEach(({ name, weight }, i) => {
      if (weight > 0 && weight <= 100) return
      const detail = `resource weight of ${name} not in valid range (0, 100]`
      errors.push(invalid(at.child('resources').index(i).child('weight'), weight, detail))
    })
    if (type !== 'RequestedToCapacityRatio') {
      if (ratio) errors.push(forbidden(ratioPath, 'must be nil when type is not RequestedToCapacityRatio'))
    } else if (ratio) {
      errors.push(...checkShape(ratio.shape ?? [], ratioPath.child('shape')))
    } else {
      errors.push(required(ratioPath, 'must be specified when type is RequestedToCapacityRatio'))
    }
    return errors
  },
  PodTopologySpread({ defaultingType, defaultConstraints }, path) {
    const errors: FieldError[] = []
    const typePath = path.child('defaultingType')
    if (defaultingType !== 'System' && defaultingType !== 'List') {
      errors.push(notSupported(typePath, defaultingType, ['System', 'List']))
    } else if (defaultingType === 'System' && defaultConstraints.length > 0) {
      errors.push(invalid(typePath, defaultingType, 'when .defaultConstraints are not empty'))
    }
    const seen = new Set<string>()
    defaultConstraints.forEach(
      ({ maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', labelSelector }, i) => {
        const at = path.child('defaultConstraints').index(i)
        if (maxSkew <= 0) errors.push(invalid(at.child('maxSkew'), maxSkew, 'not in valid range (0, inf)'))
        if (topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'))
        else checkLabelName(topologyKey, at.child('topologyKey'), errors)
        const actions = ['DoNotSchedule', 'ScheduleAnyway']
        if (action === '') errors.push(required(at.child('whenUnsatisfiable'), 'can not be empty'))
        else if (!actions.includes(action)) errors.push(notSupported(at.child('whenUnsatisfiable'), action, actions))
        const detail = 'constraint must not define a selector, as they deduced for each pod'
        if (labelSelector) errors.push(forbidden(at.child('labelSelector'), detail))
        const pair = `{${topologyKey}, ${action}}`
        if (seen.has(pair)) errors.push(duplicate(at, pair))
        seen.add(pair)
      },
    )
    return errors
  },
  VolumeBinding({ bindTimeoutSeconds: seconds, shape }, path) {
    const errors: FieldError[] = []
    const negative = 'invalid BindTimeoutSeconds, should not be a negative value'
    if (seconds < 0) errors.push(invalid(path.child('bindTimeoutSeconds'), seconds, negative))
    const gated = 'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring'
    if (shape) errors.push(invalid(path.child('shape'), shape, gated))
    return errors
  },
}

// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabelName
function checkLabelName(name: string, path: FieldPath, errors: FieldError[]): void {
  for (const message of isQualifiedName(name)) errors.push(invalid(path, name, message))
}

function checkShape(shape: readonly ShapePoint[], path: FieldPath): FieldError[] {
  if (shape.length === 0) return [required(path, 'at least one point must be specified')]
  const errors: FieldError[] = []
  const at = (i: number, name: string): FieldPath => path.index(i).child(name)
  const value = (i: number): number => shape[i]?.utilization ?? 0
  const unsorted = shape.findIndex((_, i) => i > 0 && value(i - 1) >= value(i))
  const order = 'values must be sorted in increasing order'
  if (unsorted > 0) errors.push(invalid(at(unsorted, 'utilization'), value(unsorted), order))
  shape.forEach(({ utilization = 0, score = 0 }, i) => {
    const [shares, scores] = ['not in valid range [0, 100]', 'not in valid range [0, 10]']
    if (utilization < 0 || utilization > 100) errors.push(invalid(at(i, 'utilization'), utilization, shares))
    if (score < 0 || score > 10) errors.push(invalid(at(i, 'score'), score, scores))
  })
  return errors
}
