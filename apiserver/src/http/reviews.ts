import type {
  FieldSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewStatus,
} from '@kubets/shared/api/types/authorization-v1.ts'
import type {
  SelfSubjectReview,
  TokenReview,
  UserInfo as ReviewUser,
} from '@kubets/shared/api/types/authentication-v1.ts'
import { badRequest, invalid } from '@kubets/shared/machinery/errors.ts'
import { parseFieldSelector, type FieldRequirement } from '@kubets/shared/machinery/field-selector.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import * as field from '@kubets/shared/machinery/fieldpath.ts'
import type { Attributes, Authorizer } from '../auth/attributes.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import { bodyObject } from './body.ts'
import type { Deps, RequestContext } from './context.ts'
import { valueAnswer } from './output.ts'

const authorization = 'authorization.k8s.io'
const authentication = 'authentication.k8s.io'

type Review = (context: RequestContext, deps: Deps) => Promise<Answer>

/** The kinds that are questions: answered at once, never stored. By plural name. */
export const reviews: Readonly<Record<string, Review>> = {
  async selfsubjectaccessreviews(context, { authorizer }) {
    const review = (await bodyObject(
      context,
      authorization,
      'v1',
      'SelfSubjectAccessReview',
    )) as SelfSubjectAccessReview
    review.status = access(authorizer, context.user, review.spec, 'SelfSubjectAccessReview')
    return valueAnswer(context, review, 201)
  },

  async subjectaccessreviews(context, { authorizer }) {
    const review = (await bodyObject(context, authorization, 'v1', 'SubjectAccessReview')) as SubjectAccessReview
    review.status = access(authorizer, subject(review), review.spec, 'SubjectAccessReview')
    return valueAnswer(context, review, 201)
  },

  async localsubjectaccessreviews(context, { authorizer }) {
    const review = (await bodyObject(context, authorization, 'v1', 'LocalSubjectAccessReview')) as SubjectAccessReview
    const namespace = context.info.namespace
    if (review.spec.resourceAttributes?.namespace !== namespace) {
      const path = new field.FieldPath('spec', 'resourceAttributes', 'namespace')
      const value = review.spec.resourceAttributes?.namespace ?? ''
      throw invalid({ group: authorization, kind: 'LocalSubjectAccessReview' }, '', [
        field.invalid(path, value, 'must match metadata.namespace'),
      ])
    }
    review.status = access(authorizer, subject(review), review.spec, 'LocalSubjectAccessReview')
    return valueAnswer(context, review, 201)
  },

  // pkg/registry/authorization/selfsubjectrulesreview/rest.go
  async selfsubjectrulesreviews(context, { rbac }) {
    const review = (await bodyObject(context, authorization, 'v1', 'SelfSubjectRulesReview')) as SelfSubjectRulesReview
    const namespace = review.spec.namespace
    if (!namespace) throw badRequest('no namespace on request')
    const rules = rbac.rules(context.user, namespace)
    review.status = {
      resourceRules: rules
        .filter((rule) => rule.resources !== undefined)
        .map(({ verbs, apiGroups, resources, resourceNames }) => ({
          verbs,
          ...(apiGroups === undefined ? {} : { apiGroups }),
          ...(resources === undefined ? {} : { resources }),
          ...(resourceNames === undefined ? {} : { resourceNames }),
        })),
      nonResourceRules: rules
        .filter((rule) => rule.nonResourceURLs !== undefined)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      incomplete: false,
    }
    return valueAnswer(context, review, 201)
  },

  // pkg/registry/authentication/tokenreview/storage.go
  async tokenreviews(context, { tokens }) {
    const review = (await bodyObject(context, authentication, 'v1', 'TokenReview')) as TokenReview
    const { token, audiences } = review.spec
    if (!token) throw badRequest('token is required for TokenReview in authentication')
    try {
      const verified = await tokens.verify(token, audiences?.length ? audiences : tokens.settings.audiences)
      review.status =
        verified === undefined
          ? { user: {} }
          : { authenticated: true, user: reviewUser(verified.user), audiences: verified.audiences }
    } catch (error) {
      review.status = { user: {}, error: error instanceof Error ? error.message : String(error) }
    }
    return valueAnswer(context, review, 201)
  },

  async selfsubjectreviews(context, { clock }) {
    const review = (await bodyObject(context, authentication, 'v1', 'SelfSubjectReview')) as SelfSubjectReview
    review.metadata.creationTimestamp = formatTime(clock.now())
    review.status = { userInfo: reviewUser(context.user) }
    return valueAnswer(context, review, 201)
  },
}

function reviewUser({ name, uid, groups, extra }: UserInfo): ReviewUser {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  }
}

function subject({ spec }: SubjectAccessReview): UserInfo {
  return {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.extra === undefined ? {} : { extra: spec.extra }),
  }
}

interface Question {
  resourceAttributes?: ResourceAttributes
  nonResourceAttributes?: NonResourceAttributes
  user?: string
  groups?: string[]
}

/** Throws 422 when the question is not one. */
function access(authorizer: Authorizer, user: UserInfo, spec: Question, kind: string): SubjectAccessReviewStatus {
  const path = new field.FieldPath('spec')
  const errors: field.FieldError[] = []
  if (spec.resourceAttributes !== undefined && spec.nonResourceAttributes !== undefined) {
    const text = 'cannot be specified in combination with resourceAttributes'
    errors.push(field.invalid(path.child('nonResourceAttributes'), spec.nonResourceAttributes, text))
  }
  if (spec.resourceAttributes === undefined && spec.nonResourceAttributes === undefined) {
    const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    errors.push(field.invalid(path.child('resourceAttributes'), null, text))
  }
  if (kind !== 'SelfSubjectAccessReview' && !spec.user && !spec.groups?.length) {
    errors.push(field.invalid(path.child('user'), '', 'at least one of user or group must be specified'))
  }
  if (errors.length > 0) throw invalid({ group: authorization, kind }, '', errors)
  const { verdict, reason } = authorizer.authorize(attributesOf(user, spec))
  return {
    allowed: verdict === 'allow',
    ...(verdict === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
  }
}

function attributesOf(user: UserInfo, { resourceAttributes: r, nonResourceAttributes: n }: Question): Attributes {
  return {
    user,
    verb: r?.verb ?? n?.verb ?? '',
    isResourceRequest: r !== undefined,
    apiGroup: r?.group ?? '',
    resource: r?.resource ?? '',
    subresource: r?.subresource ?? '',
    namespace: r?.namespace ?? '',
    name: r?.name ?? '',
    path: n?.path ?? '',
    fieldSelector: requirementsOf(r?.fieldSelector),
  }
}

// pkg/registry/authorization/util/helpers.go fieldSelectorAsSelector: what cannot be read does not narrow the question
function requirementsOf({ rawSelector, requirements = [] }: FieldSelectorAttributes = {}): FieldRequirement[] {
  try {
    if (rawSelector) return parseFieldSelector(rawSelector)
  } catch {
    return []
  }
  return requirements.flatMap(({ key, operator, values = [] }): FieldRequirement[] => {
    const [value, ...others] = values
    if (value === undefined || others.length > 0) return []
    const op = operator === 'In' ? '=' : operator === 'NotIn' ? '!=' : undefined
    return op === undefined ? [] : [{ field: key, op, value }]
  })
}
