import type { KubeObject } from '../../machinery/object.ts'
import type { Kind, Verb } from './kind.ts'
import { nameAndAge, nameAndAgeRow } from './printing.ts'

const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

type Named<T extends KubeObject> = Pick<Kind<T>, 'group' | 'version' | 'kind' | 'plural' | 'namespaced'>

/**
 * A kind from the little that sets it apart: what is left out is what most kinds have (all verbs, no subresources,
 * names that are DNS subdomains, the columns Name and Age).
 */
export function defineKind<T extends KubeObject>(given: Named<T> & Partial<Kind<T>>): Kind {
  const kind: Kind<T> = {
    listKind: `${given.kind}List`,
    singular: given.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    subresources: [],
    virtual: false,
    nameRule: 'subdomain',
    generation: false,
    statusOnCreate: false,
    createOnUpdate: false,
    unconditionalUpdate: true,
    columns: nameAndAge,
    row: nameAndAgeRow,
    ...given,
  }
  // the table holds kinds of many types; each is only ever given objects decoded as its own
  return kind as unknown as Kind
}
