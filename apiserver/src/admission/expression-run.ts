import { AuthorizerValue, type Decide, ResourceCheckValue } from '@kubets/shared/machinery/cel/library/authorizer.ts'
import type { Expression } from '@kubets/shared/api/kinds/admissionregistration/expressions.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { EvalError } from '@kubets/shared/machinery/cel/errors.ts'
import { toValue } from '@kubets/shared/machinery/cel/native.ts'
import { MapValue, type Value } from '@kubets/shared/machinery/cel/values.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Authorizer } from '../auth/attributes.ts'
import type { AdmissionRequest, UserInfo } from '../registry/types.ts'
import { namespaceOf } from './webhook/matches.ts'
import { gvkOf } from './webhook/review.ts'

/** A request in the shape that matched: what expressions are given to look at. */
export interface MatchedRequest {
  readonly request: AdmissionRequest
  /** The kind as which it matched. */
  readonly kind: Kind
  readonly object?: KubeObject
  readonly old?: KubeObject
}

export interface Inputs {
  readonly matched: MatchedRequest
  readonly namespace?: Namespace | undefined
  readonly params?: KubeObject | undefined
  readonly authorizer: Authorizer
}

/** What may still be spent on the expressions of one policy. */
export class CostBudget {
  #left: number
  constructor(limit: number) {
    this.#left = limit
  }
  get left(): number {
    return this.#left
  }
  /** Throws an OutOfBudget when there is not that much left. */
  spend(cost: number): void {
    if (cost > this.#left) throw new OutOfBudget()
    this.#left -= cost
  }
}

// apiserver/pkg/apis/cel/config.go
export const policyBudget = 10_000_000
export const conditionsBudget = policyBudget / 4

/** Nothing more is evaluated. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

/** The variables of expressions, made when they are asked for. */
export class Variables {
  readonly #values = new Map<string, Value | undefined>()
  readonly #inputs: Inputs
  readonly #composed: MapValue
  #budget = new CostBudget(policyBudget)

  constructor(inputs: Inputs, variables: ReadonlyMap<string, Expression> = new Map()) {
    this.#inputs = inputs
    this.#composed = new Composed(variables, (expression) => this.#compute(expression))
  }

  /** The value of an expression, or in upstream's words why there is none. Throws an OutOfBudget. */
  // apiserver/pkg/admission/plugin/cel/activation.go Evaluate
  evaluate(source: string, expression: Expression, budget: CostBudget): { value: Value } | { problem: string } {
    if ('problem' in expression) return { problem: `compilation error: ${expression.problem}` }
    this.#budget = budget
    const { signal } = this.#inputs.matched.request
    const outcome = expression.program.evaluate(this.#lookUp, { limit: budget.left, signal })
    budget.spend(outcome.cost)
    if ('value' in outcome) return { value: outcome.value }
    return { problem: `expression '${source}' resulted in error: ${outcome.error.message}` }
  }

  #compute(expression: Expression): Value {
    if ('problem' in expression) throw new EvalError(`composited variable fails to compile: ${expression.problem}`)
    const outcome = expression.program.evaluate(this.#lookUp, { limit: this.#budget.left })
    this.#budget.spend(outcome.cost)
    if ('error' in outcome) throw new EvalError(outcome.error.message)
    return outcome.value
  }

  readonly #lookUp = (name: string): Value | undefined => {
    if (!this.#values.has(name)) this.#values.set(name, this.#make(name))
    return this.#values.get(name)
  }

  #make(name: string): Value | undefined {
    const { matched, namespace, params, authorizer } = this.#inputs
    switch (name) {
      case 'object':
        return toValue(matched.object ?? null)
      case 'oldObject':
        return toValue(matched.old ?? null)
      case 'request':
        return toValue(requestOf(matched))
      case 'namespaceObject':
        return toValue(namespace ? exposed(namespace) : null)
      case 'params':
        return toValue(params ?? null)
      case 'variables':
        return this.#composed
      case 'authorizer':
        return new AuthorizerValue(decideBy(authorizer, matched.request.user))
      case 'authorizer.requestResource':
        return requestResource(matched, authorizer)
      default:
        return undefined
    }
  }
}

/** The variables of a policy as one struct: each is evaluated when it is first used, and once. */
// apiserver/pkg/cel/lazy/lazy.go
class Composed extends MapValue {
  override readonly structName = 'kubernetes.variables'
  readonly #expressions: ReadonlyMap<string, Expression>
  readonly #compute: (expression: Expression) => Value
  readonly #known = new Map<string, Value | EvalError>()

  constructor(expressions: ReadonlyMap<string, Expression>, compute: (expression: Expression) => Value) {
    super()
    this.#expressions = expressions
    this.#compute = compute
  }

  override get size(): number {
    return this.#expressions.size
  }

  override keys(): Iterable<Value> {
    return this.#expressions.keys()
  }

  override get(key: Value): Value | undefined {
    const expression = typeof key === 'string' ? this.#expressions.get(key) : undefined
    if (typeof key !== 'string' || expression === undefined) return undefined
    let known = this.#known.get(key)
    if (known === undefined) {
      try {
        known = this.#compute(expression)
      } catch (error) {
        if (!(error instanceof EvalError)) throw error
        known = new EvalError(`composited variable ${JSON.stringify(key)} fails to evaluate: ${error.message}`)
      }
      this.#known.set(key, known)
    }
    if (known instanceof EvalError) throw known
    return known
  }
}

// apiserver/pkg/admission/plugin/cel/condition.go CreateAdmissionRequest
function requestOf({ request, kind, object, old }: MatchedRequest): object {
  const { kind: asked, subresource, name, user, operation, dryRun, options } = request
  const resource = ({ group, version, plural }: Kind): object => ({ group, version, resource: plural })
  const kindOf = ({ group, version, kind: named }: Kind): object => ({ group, version, kind: named })
  return {
    kind: gvkOf(object ?? old) ?? kindOf(kind),
    resource: resource(kind),
    ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
    requestKind: gvkOf(request.object ?? request.old) ?? kindOf(asked),
    requestResource: resource(asked),
    name,
    namespace: namespaceOf(request),
    operation,
    userInfo: {
      username: user?.name ?? '',
      ...(user?.uid ? { uid: user.uid } : {}),
      ...(user?.groups.length ? { groups: user.groups } : {}),
      ...(user?.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    },
    dryRun,
    ...(options ? { options } : {}),
  }
}

// apiserver/pkg/admission/plugin/cel/condition.go CreateNamespaceObject
/** A namespace without what expressions are not to see. */
function exposed({ metadata, spec, status }: Namespace): object {
  const { managedFields: _, ownerReferences: __, ...shown } = metadata
  return { metadata: shown, ...(spec ? { spec } : {}), ...(status ? { status } : {}) }
}

function decideBy(authorizer: Authorizer, user: UserInfo | undefined): Decide {
  return ({ serviceAccount, verb, path, group, ...about }) => {
    const who = serviceAccount ? serviceAccountUser(serviceAccount) : (user ?? { name: '', groups: [] })
    const { verdict, reason } = authorizer.authorize({
      user: who,
      verb,
      isResourceRequest: path === undefined,
      apiGroup: group,
      path: path ?? '',
      ...about,
    })
    return { allowed: verdict === 'allow', reason }
  }
}

function serviceAccountUser({ namespace, name }: { namespace: string; name: string }): UserInfo {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
}

function requestResource({ request }: MatchedRequest, authorizer: Authorizer): Value {
  const { kind, subresource, name } = request
  return new ResourceCheckValue(new AuthorizerValue(decideBy(authorizer, request.user)), {
    group: kind.group,
    resource: kind.plural,
    subresource,
    namespace: namespaceOf(request),
    name,
  })
}
