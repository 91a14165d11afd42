import { admissionEnvironment, compose } from '@kubets/shared/api/kinds/admissionregistration/expressions.ts'
import { findKind, findKindByGVK } from '@kubets/shared/api/kinds/index.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyStatus,
} from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { compile, type Environment, extend } from '@kubets/shared/machinery/cel/environment.ts'
import { typesOfNode } from '@kubets/shared/machinery/cel/node-types.ts'

// apiserver/pkg/admission/plugin/policy/validating/typechecking.go maxTypesToCheck
const maxKinds = 10

/** The status that says what a policy's expressions get wrong about types; undefined when it is there. */
// pkg/controller/validatingadmissionpolicystatus/controller.go reconcile
export function plan({
  metadata,
  spec,
  status,
}: ValidatingAdmissionPolicy): ValidatingAdmissionPolicyStatus | undefined {
  const { generation = 0, deletionTimestamp } = metadata
  if (deletionTimestamp !== undefined || (status?.observedGeneration ?? 0) >= generation) return undefined
  const warnings = warningsOf(spec)
  const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings }
  return { ...status, observedGeneration: generation, typeChecking }
}

// apiserver/pkg/admission/plugin/policy/validating/typechecking.go TypeChecker.Check
function warningsOf(spec: ValidatingAdmissionPolicy['spec']): ExpressionWarning[] {
  const { validations = [], variables = [], matchConstraints, paramKind } = spec
  const environments = kindsOf(matchConstraints?.resourceRules ?? []).map((kind) => {
    const environment = environmentFor(
      kind,
      paramKind && findKindByGVK(paramKind.apiVersion ?? '', paramKind.kind ?? ''),
    )
    return { kind, environment: compose(environment, variables).environment }
  })
  const check = (expression: string, fieldRef: string): ExpressionWarning[] => {
    const found = environments.flatMap(({ kind, environment }) => {
      const compiled = compile(expression, environment)
      const at = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
      return 'issues' in compiled ? [`${at}, Kind=${kind.kind}: ${compiled.issues}\n`] : []
    })
    return found.length === 0 ? [] : [{ fieldRef, warning: found.join('\n') }]
  }
  return validations.flatMap(({ expression, messageExpression }, i) => [
    ...check(expression, `spec.validations[${i}].expression`),
    ...(messageExpression ? check(messageExpression, `spec.validations[${i}].messageExpression`) : []),
  ])
}

/** The built-in kinds that rules name one by one; of custom kinds nothing is known here. */
// apiserver/pkg/admission/plugin/policy/validating/typechecking.go typesToCheck
function kindsOf(rules: readonly NamedRuleWithOperations[]): Kind[] {
  const found = new Map<string, Kind>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some((text) => text.includes('*'))) continue
    const plain = resources.filter((text) => !/[*/]/.test(text))
    for (const group of apiGroups) {
      for (const version of apiVersions) {
        for (const resource of plain) {
          const kind = findKind(group, version, resource)
          if (kind !== undefined && found.size < maxKinds) found.set(`${group}/${version}/${kind.kind}`, kind)
        }
      }
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind)
}

function environmentFor(kind: Kind, params: Kind | undefined): Environment {
  const typesOf = (one: Kind | undefined) => {
    const node = one && findSchema(one.group, one.version, one.kind)
    return node && typesOfNode(node, node.kind?.kind ?? '')
  }
  const object = typesOf(kind)
  const given = typesOf(params)
  const base = admissionEnvironment({ params: given !== undefined, authorizer: true }, object?.type, given?.type)
  return extend(base, { structs: (name) => object?.structs(name) ?? given?.structs(name) })
}
