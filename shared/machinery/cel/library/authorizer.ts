import { isDNS1123Label, isDNS1123Subdomain } from '../../names.ts'
import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { type CelType, opaqueType } from '../types.ts'
import { OpaqueValue } from '../values.ts'

/** What an expression asks: may somebody do this? */
export interface AccessQuestion {
  /** undefined: who sent the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  readonly verb: string
  /** Of a request that is about no resource. */
  readonly path?: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

export interface AccessDecision {
  readonly allowed: boolean
  readonly reason: string
  readonly error?: string
}

/** Answers at once; may throw what ends the evaluation. */
export type Decide = (question: AccessQuestion) => AccessDecision

abstract class AuthorizationValue extends OpaqueValue {
  override equals(other: OpaqueValue): boolean {
    return other === this
  }
}

/** The variable `authorizer`. */
export class AuthorizerValue extends AuthorizationValue {
  override readonly type: CelType = authorizerType
  readonly decide: Decide
  readonly serviceAccount: AccessQuestion['serviceAccount']
  constructor(decide: Decide, serviceAccount?: AccessQuestion['serviceAccount']) {
    super()
    this.decide = decide
    this.serviceAccount = serviceAccount
  }

  get who(): Pick<AccessQuestion, 'serviceAccount'> {
    return this.serviceAccount === undefined ? {} : { serviceAccount: this.serviceAccount }
  }
}

class PathCheck extends AuthorizationValue {
  override readonly type: CelType = opaqueType('kubernetes.authorization.PathCheck')
  readonly authorizer: AuthorizerValue
  readonly path: string
  constructor(authorizer: AuthorizerValue, path: string) {
    super()
    this.authorizer = authorizer
    this.path = path
  }
}

class GroupCheck extends AuthorizationValue {
  override readonly type: CelType = opaqueType('kubernetes.authorization.GroupCheck')
  readonly authorizer: AuthorizerValue
  readonly group: string
  constructor(authorizer: AuthorizerValue, group: string) {
    super()
    this.authorizer = authorizer
    this.group = group
  }
}

type Question = Omit<AccessQuestion, 'verb' | 'serviceAccount'>

/** A question about a resource, not finished. The variable `authorizer.requestResource` is one. */
export class ResourceCheckValue extends AuthorizationValue {
  override readonly type: CelType = resourceCheckType
  readonly authorizer: AuthorizerValue
  readonly question: Question
  constructor(authorizer: AuthorizerValue, question: Question) {
    super()
    this.authorizer = authorizer
    this.question = question
  }

  with(more: Partial<Question>): ResourceCheckValue {
    return new ResourceCheckValue(this.authorizer, { ...this.question, ...more })
  }
}

class Decision extends AuthorizationValue {
  override readonly type: CelType = opaqueType('kubernetes.authorization.Decision')
  readonly decision: AccessDecision
  constructor(decision: AccessDecision) {
    super()
    this.decision = decision
  }
}

export const authorizerType: CelType = opaqueType('kubernetes.authorization.Authorizer')
export const resourceCheckType: CelType = opaqueType('kubernetes.authorization.ResourceCheck')

function nonEmpty(text: string, what: string): string {
  if (text.trim() === '') throw new EvalError(`${what} must not be empty`)
  return text
}

function serviceAccount(authorizer: AuthorizerValue, namespace: string, name: string): AuthorizerValue {
  const [nameProblem] = isDNS1123Subdomain(name)
  if (nameProblem !== undefined) throw new EvalError('Invalid service account name')
  const [namespaceProblem] = isDNS1123Label(namespace)
  if (namespaceProblem !== undefined) throw new EvalError('Invalid service account namespace')
  return new AuthorizerValue(authorizer.decide, { namespace, name })
}

const prefix = 'kubernetes.authorization.'
const ofResource = (name: 'subresource' | 'namespace' | 'name'): Overload =>
  overload(name, `resourcecheck_${name}`, `${prefix}ResourceCheck.(string) ${prefix}ResourceCheck`, (args) =>
    args.get<ResourceCheckValue>(0).with({ [name]: args.get<string>(1) }),
  )

/** The authorizers here do not look at selectors, so that one changes nothing. */
const selector = (name: string): Overload =>
  overload(name, `authorizer_${name.toLowerCase()}`, `${prefix}ResourceCheck.(string) ${prefix}ResourceCheck`, (args) =>
    args.get<ResourceCheckValue>(0),
  )

/** apiserver/pkg/cel/library/authz.go. */
export const authorizerLibrary: readonly Overload[] = [
  overload('path', 'authorizer_path', `${prefix}Authorizer.(string) ${prefix}PathCheck`, (args) => {
    return new PathCheck(args.get<AuthorizerValue>(0), nonEmpty(args.get<string>(1), 'path'))
  }),
  overload('group', 'authorizer_group', `${prefix}Authorizer.(string) ${prefix}GroupCheck`, (args) => {
    return new GroupCheck(args.get<AuthorizerValue>(0), args.get<string>(1))
  }),
  overload(
    'serviceAccount',
    'authorizer_serviceaccount',
    `${prefix}Authorizer.(string, string) ${prefix}Authorizer`,
    (args) => serviceAccount(args.get<AuthorizerValue>(0), args.get<string>(1), args.get<string>(2)),
  ),
  overload('resource', 'groupcheck_resource', `${prefix}GroupCheck.(string) ${prefix}ResourceCheck`, (args) => {
    const { authorizer, group } = args.get<GroupCheck>(0)
    const resource = nonEmpty(args.get<string>(1), 'resource')
    return new ResourceCheckValue(authorizer, { group, resource, subresource: '', namespace: '', name: '' })
  }),
  ofResource('subresource'),
  ofResource('namespace'),
  ofResource('name'),
  selector('fieldSelector'),
  selector('labelSelector'),
  overload('check', 'pathcheck_check', `${prefix}PathCheck.(string) ${prefix}Decision`, (args) => {
    const { authorizer, path } = args.get<PathCheck>(0)
    const about = { group: '', resource: '', subresource: '', namespace: '', name: '' }
    return new Decision(authorizer.decide({ ...about, ...authorizer.who, path, verb: args.get<string>(1) }))
  }),
  overload('check', 'resourcecheck_check', `${prefix}ResourceCheck.(string) ${prefix}Decision`, (args) => {
    const { authorizer, question } = args.get<ResourceCheckValue>(0)
    return new Decision(authorizer.decide({ ...question, ...authorizer.who, verb: args.get<string>(1) }))
  }),
  overload('errored', 'decision_errored', `${prefix}Decision.() bool`, (args) => {
    return args.get<Decision>(0).decision.error !== undefined
  }),
  overload(
    'error',
    'decision_error',
    `${prefix}Decision.() string`,
    (args) => args.get<Decision>(0).decision.error ?? '',
  ),
  overload(
    'allowed',
    'decision_allowed',
    `${prefix}Decision.() bool`,
    (args) => args.get<Decision>(0).decision.allowed,
  ),
  overload('reason', 'decision_reason', `${prefix}Decision.() string`, (args) => args.get<Decision>(0).decision.reason),
]
