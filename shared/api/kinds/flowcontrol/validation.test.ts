import { describe, expect, it } from 'vitest'
import { errorText } from '../../../machinery/fieldpath.ts'
import type { FlowSchema, PolicyRulesWithSubjects, PriorityLevelConfiguration } from '../../types/flowcontrol-v1.ts'
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from './bootstrap.ts'
import { defaults as schemaDefaults } from './flowschemas/defaults.ts'
import { validate as validateSchema, validateStatusUpdate } from './flowschemas/validation.ts'
import { defaults as levelDefaults } from './prioritylevelconfigurations/defaults.ts'
import { validate as validateLevel } from './prioritylevelconfigurations/validation.ts'

describe('what is there from the start', () => {
  it.each([...mandatoryFlowSchemas, ...suggestedFlowSchemas])(
    'FlowSchema $metadata.name is valid and complete',
    (one) => {
      const copy = structuredClone(one)
      schemaDefaults(copy)
      expect(copy).toEqual(one)
      expect(validateSchema(one)).toEqual([])
    },
  )

  it.each([...mandatoryPriorityLevels, ...suggestedPriorityLevels])(
    'level $metadata.name is valid and complete',
    (one) => {
      const copy = structuredClone(one)
      levelDefaults(copy)
      expect(copy).toEqual(one)
      expect(validateLevel(one)).toEqual([])
    },
  )
})

const schema = (spec: Partial<FlowSchema['spec']>, name = 'mine'): FlowSchema => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  metadata: { name },
  spec: { matchingPrecedence: 50, priorityLevelConfiguration: { name: 'system' }, ...spec },
})
const rules = (one: Partial<PolicyRulesWithSubjects>): FlowSchema =>
  schema({ rules: [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], ...one }] })
const resource = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }

describe('FlowSchema', () => {
  it.each<[string, FlowSchema, string[]]>([
    ['nothing wrong', rules({ resourceRules: [resource] }), []],
    [
      'precedence',
      schema({ matchingPrecedence: -1 }),
      ['spec.matchingPrecedence: Invalid value: -1: must be a positive value'],
    ],
    [
      'the precedence of another',
      schema({ matchingPrecedence: 1 }),
      ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
    ],
    [
      'too late',
      schema({ matchingPrecedence: 10_001 }),
      ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
    ],
    [
      'no level',
      schema({ priorityLevelConfiguration: { name: '' } }),
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      'empty rules',
      rules({ subjects: [] }),
      [
        'spec.rules[0].subjects: Required value: subjects must contain at least one value',
        'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
      ],
    ],
    [
      'subjects',
      rules({
        subjects: [
          { kind: 'Robot' },
          { kind: 'User', group: { name: 'a' } },
          { kind: 'ServiceAccount', serviceAccount: { name: '', namespace: '' } },
        ],
        resourceRules: [resource],
      }),
      [
        'spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
        "spec.rules[0].subjects[1].user: Required value: user is required when subject kind is 'User'",
        "spec.rules[0].subjects[1].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        'spec.rules[0].subjects[2].serviceAccount.name: Required value',
        'spec.rules[0].subjects[2].serviceAccount.namespace: Required value: must specify namespace for service account',
      ],
    ],
    [
      'wildcards with others',
      rules({
        resourceRules: [{ ...resource, verbs: ['*', 'get'], apiGroups: ['*', 'a'], resources: [], namespaces: [] }],
      }),
      [
        `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
        `spec.rules[0].resourceRules[0].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups`,
        'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
        'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
      ],
    ],
    [
      'URLs',
      rules({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/', 'a', '/a b', '/a//b', '/a*', '/a/*'] }] }),
      [
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "a": must start with slash',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a b": must not contain white-space',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/a//b": must not contain double slash',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[4]: Invalid value: "/a*": wildcard can only do suffix matching',
      ],
    ],
  ])('%s', (_, obj, texts) => {
    expect(validateSchema(obj).map(errorText)).toEqual(texts)
  })

  it('may not change what is fixed', () => {
    const changed = schema({ matchingPrecedence: 9999 }, 'catch-all')
    expect(validateSchema(changed).map(errorText).at(-1)).toMatch(/: spec of 'catch-all' must equal the fixed value$/)
  })

  it('has each condition once', () => {
    const obj = { ...schema({}), status: { conditions: [{ type: 'Dangling' }, { type: 'Dangling' }, {}] } }
    expect(validateStatusUpdate(obj).map(errorText)).toEqual([
      'status.conditions[1].type: Duplicate value: "Dangling"',
      'status.conditions[2].type: Required value: must not be empty',
    ])
  })
})

describe('PriorityLevelConfiguration', () => {
  const level = (spec: PriorityLevelConfiguration['spec'], name = 'mine'): PriorityLevelConfiguration => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name },
    spec,
  })
  const queuing = (queues: number, handSize: number, queueLengthLimit = 1) =>
    level({
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 1,
        limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit } },
      },
    })
  const path = 'spec.limited.limitResponse.queuing'

  it.each<[string, PriorityLevelConfiguration, string[]]>([
    [
      'another exempt one',
      level({ type: 'Exempt' }),
      [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
    ],
    ['no limits', level({ type: 'Limited' }), ['spec.limited: Required value: must not be empty when type is Limited']],
    [
      'another type',
      level({ type: 'Free' }),
      ['spec.type: Unsupported value: "Free": supported values: "Exempt", "Limited"'],
    ],
    [
      'numbers',
      level({
        type: 'Limited',
        exempt: {},
        limited: {
          nominalConcurrencyShares: -1,
          lendablePercent: 101,
          borrowingLimitPercent: -1,
          limitResponse: { type: 'Reject', queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 } },
        },
      }),
      [
        'spec.exempt: Forbidden: must be nil if the type is Limited',
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      'queues',
      queuing(-1, -1, 0),
      [
        `${path}.queueLengthLimit: Invalid value: 0: must be positive`,
        `${path}.queues: Invalid value: -1: must be positive`,
        `${path}.handSize: Invalid value: -1: must be positive`,
      ],
    ],
    [
      'a hand larger than the deck',
      queuing(4, 5),
      [`${path}.handSize: Invalid value: 5: should not be greater than queues (4)`],
    ],
    [
      'too much of the hash',
      queuing(512, 8),
      [
        `${path}.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60`,
      ],
    ],
  ])('%s', (_, obj, texts) => {
    expect(validateLevel(obj).map(errorText)).toEqual(texts)
  })

  it('may not change what is fixed, but the numbers of exempt', () => {
    expect(
      validateLevel(level({ type: 'Exempt', exempt: { nominalConcurrencyShares: 5, lendablePercent: 1 } }, 'exempt')),
    ).toEqual([])
    const changed = validateLevel({ ...queuing(4, 2), metadata: { name: 'catch-all' } })
    expect(changed.map(errorText)[0]).toMatch(/: spec of 'catch-all' must equal the fixed value$/)
  })
})
