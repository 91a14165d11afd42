import { describe, expect, it } from 'vitest'
import { createProblems, statusProblems, updateProblems, type Draft } from '../../test-cases.ts'
import { countIndexes } from './indexes.ts'
import { job as kind } from './kind.ts'

const template = { spec: { containers: [{ name: 'c', image: 'b' }], restartPolicy: 'Never' } }
const make = (spec: object = {}): Draft => ({ spec: { template, ...spec } })
const indexed = { completionMode: 'Indexed', completions: 3 }

// pkg/apis/batch/validation/validation_test.go TestValidateJob
describe('validation', () => {
  const table: [string, object, string[]][] = [
    ['fine', {}, []],
    ['indexed', { ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 3 }, []],
    ['parallelism', { parallelism: -1 }, ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0']],
    [
      'Always',
      { template: { spec: { containers: template.spec.containers } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'another policy',
      { template: { spec: { ...template.spec, restartPolicy: 'Invalid' } } },
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Invalid": supported values: "Always", "OnFailure", "Never"',
        'spec.template.spec.restartPolicy: Unsupported value: "Invalid": supported values: "OnFailure", "Never"',
      ],
    ],
    [
      'completions',
      { completionMode: 'Indexed', parallelism: 1 },
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      'per index without indexes',
      { backoffLimitPerIndex: 1 },
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      'too many may fail',
      { ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 4 },
      ['spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions'],
    ],
    [
      'managedBy',
      { managedBy: 'me' },
      ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      'both ways to match',
      {
        podFailurePolicy: {
          rules: [
            {
              action: 'Ignore',
              onExitCodes: { operator: 'In', values: [1] },
              onPodConditions: [{ type: 'DisruptionTarget' }],
            },
          ],
        },
      },
      [
        'spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
      ],
    ],
    [
      'exit codes',
      {
        podFailurePolicy: {
          rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', containerName: 'z', values: [2, 0, 2] } }],
        },
      },
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "z": must be one of the container or initContainer names in the pod template',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2',
        'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered',
      ],
    ],
    [
      'no action',
      { podFailurePolicy: { rules: [{ onExitCodes: { operator: '', values: [1] } }] } },
      [
        'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
        'spec.podFailurePolicy.rules[0].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
      ],
    ],
    [
      'success policy',
      {
        ...indexed,
        successPolicy: { rules: [{ succeededIndexes: '0-9' }, {}, { succeededIndexes: '0', succeededCount: 2 }] },
      },
      [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-9": error parsing succeededIndexes: too large index: "9"',
        'spec.successPolicy.rules[1]: Required value: at least one of succeededCount or succeededIndexes must be specified',
        'spec.successPolicy.rules[2].succeededCount: Invalid value: 2: must be less than or equal to 1 (the number of indexes in the specified succeededIndexes field)',
      ],
    ],
    [
      'replacement',
      { podReplacementPolicy: 'Other' },
      ['spec.podReplacementPolicy: Unsupported value: "Other": supported values: "Failed", "TerminatingOrFailed"'],
    ],
  ]
  it.each(table)('%s', (_, spec, want) => {
    expect(createProblems(kind, make(spec))).toEqual(want)
  })
})

describe('update', () => {
  type Spec = Record<string, unknown>
  const table: [string, object, (spec: Spec) => void, string[]][] = [
    ['parallelism may change', {}, (spec) => (spec['parallelism'] = 2), []],
    [
      'completions may not',
      {},
      (spec) => (spec['completions'] = 2),
      ['spec.completions: Invalid value: 2: field is immutable'],
    ],
    [
      'but in tandem when indexed',
      indexed,
      (spec) => (spec['completions'] = 4),
      ['spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism'],
    ],
    ['in tandem', indexed, (spec) => Object.assign(spec, { completions: 4, parallelism: 4 }), []],
    [
      'mode',
      { completions: 1 },
      (spec) => (spec['completionMode'] = 'Indexed'),
      ['spec.completionMode: Invalid value: "Indexed": field is immutable'],
    ],
  ]
  it.each(table)('%s', (_, spec, change, want) => {
    expect(updateProblems(kind, make(spec), (obj) => change(obj['spec'] as Spec))).toEqual(want)
  })

  const startTime = '2026-01-01T00:00:00Z'
  const suspended = (status: string) => ({ conditions: [{ type: 'Suspended', status }] })
  it.each<[string, boolean, object, boolean]>([
    ['while it is suspended and has not started', true, {}, true],
    ['not while it may run', false, {}, false],
    ['not while Pods run of one that is suspended by now', true, { startTime, active: 1, ...suspended('True') }, false],
    ['not before the controller has seen it', true, { startTime, ...suspended('False') }, false],
    ['again when none run any more', true, { startTime, ...suspended('True') }, true],
  ])('places may change: %s', (_, suspend, status, may) => {
    const move = (obj: object): void => {
      const { spec } = obj as { spec: { template: { spec: Spec } } }
      spec.template.spec['nodeSelector'] = { a: 'b' }
    }
    const problems = updateProblems(kind, make({ suspend }), move, status)
    expect(problems).toHaveLength(may ? 0 : 1)
    if (!may) expect(problems[0]).toMatch(/^spec.template: Invalid value: .*: field is immutable$/)
  })
})

describe('status', () => {
  const condition = (type: string) => ({ type, status: 'True' })
  const start = '2026-01-01T00:00:00Z'
  const end = '2026-01-01T00:01:00Z'
  const done = {
    startTime: start,
    completionTime: end,
    conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
  }
  const table: [string, object, object, string[]][] = [
    ['running', { active: 1, ready: 1, startTime: start }, {}, []],
    ['complete', done, {}, []],
    [
      'complete without criteria',
      { ...done, conditions: [condition('Complete')] },
      {},
      [
        'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      ],
    ],
    [
      'no completion time',
      { ...done, completionTime: undefined },
      {},
      ['status.completionTime: Required value: completionTime is required for Complete jobs'],
    ],
    [
      'a custom condition does not count',
      { startTime: start, conditions: [condition('Custom')] },
      { startTime: start },
      [],
    ],
    [
      'taken back',
      { startTime: start, completionTime: end, conditions: [] },
      done,
      [
        'status.completionTime: Invalid value: "2026-01-01T00:01:00Z": cannot set completionTime when there is no Complete=True condition',
        'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
        'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
      ],
    ],
    [
      'more ready than active',
      { ready: 2, active: 1 },
      {},
      ['status.ready: Invalid value: 2: cannot set more ready pods than active'],
    ],
    [
      'failed goes down',
      { failed: 1 },
      { failed: 2 },
      ['status.failed: Invalid value: 1: cannot decrease the failed counter'],
    ],
  ]
  it.each(table)('%s', (_, status, before, want) => {
    expect(statusProblems(kind, make(), status, before)).toEqual(want)
  })
})

describe('indexes', () => {
  it.each([
    ['', 0],
    ['0', 1],
    ['0,2-4', 4],
  ])('counts %j', (text, want) => {
    expect(countIndexes(text, 10)).toBe(want)
  })
  it.each([
    ['1,1', 'non-increasing order, previous: 1, current: 1'],
    ['3-2', 'non-increasing order, previous: 3, current: 2'],
    ['a', 'cannot convert string to integer for index: "a"'],
    [
      '1-2-3',
      `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    ],
    ['10', 'too large index: "10"'],
  ])('refuses %j', (text, want) => {
    expect(() => countIndexes(text, 10)).toThrow(want)
  })
})
