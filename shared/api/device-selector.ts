import type { Decl } from '../machinery/cel/decl.ts'
import { baseEnvironment, compile, extend, type Program } from '../machinery/cel/environment.ts'
import { EvalError } from '../machinery/cel/errors.ts'
import { QuantityValue } from '../machinery/cel/library/quantity.ts'
import { parseSemver } from '../machinery/cel/library/semver.ts'
import {
  boolType,
  type CelType,
  dynType,
  formatType,
  mapType,
  objectType,
  opaqueType,
  sameType,
  stringType,
  typeName,
} from '../machinery/cel/types.ts'
import { ArrayList, HashMap, MapValue, StructValue, type Value } from '../machinery/cel/values.ts'
import { parseQuantity } from '../machinery/quantity.ts'
import type { Device, DeviceAttribute } from './types/resource-v1.ts'

const maxAttributes = 32
const structName = 'kubernetes.DRADevice'

const text = (maxElements: number): Decl => ({ type: stringType, maxElements, minSize: 2 })
const ofDomains = (element: Decl): Decl => {
  const names: Decl = { type: mapType(stringType, element.type), maxElements: maxAttributes, minSize: 2, element }
  return { type: mapType(stringType, names.type), maxElements: maxAttributes, minSize: 2, element: names }
}
const fields: Readonly<Record<string, Decl>> = {
  driver: text(63),
  // values are of the type that each attribute has
  attributes: ofDomains({ type: dynType, maxElements: 64, minSize: 1 }),
  capacity: ofDomains({ type: opaqueType('kubernetes.Quantity'), maxElements: 0, minSize: 1 }),
  allowMultipleAllocations: { type: boolType, maxElements: 0, minSize: 4 },
}

// dynamic-resource-allocation/cel/compile.go mustBuildEnv
const environment = extend(baseEnvironment, {
  variables: {
    device: {
      type: objectType(structName),
      maxElements: 0,
      minSize: 2,
      fields: new Map(Object.entries(fields).map(([name, decl]) => [name, { name, decl }])),
    },
  },
  bindings: true,
})

/** The program of a selector of devices, or upstream's text of what is wrong with it. */
// dynamic-resource-allocation/cel/compile.go CompileCELExpression
export function compileSelector(expression: string): { readonly program: Program } | { readonly problem: string } {
  const compiled = compile(expression, environment)
  if ('issues' in compiled) return { problem: `compilation failed: ${compiled.issues}` }
  const { type } = compiled.program
  if (sameType(type, boolType) || type.kind === 'dyn') return compiled
  return { problem: `must evaluate to bool or the unknown type, not ${shown(type)}` }
}

const shown = (type: CelType): string =>
  type.kind === 'list' || type.kind === 'map' ? formatType(type) : typeName(type)

/** What a selector sees of a device. */
export type SelectableDevice = Pick<Device, 'attributes' | 'capacity' | 'allowMultipleAllocations'>

/** Shows a driver's device to selectors; throws an Error for what none can look at. */
// dynamic-resource-allocation/cel/compile.go DeviceMatches
export function deviceValue(driver: string, device: SelectableDevice): Value {
  const values = new Map<string, Value>([
    ['driver', driver],
    ['attributes', byDomain(driver, device.attributes, attributeValue)],
    ['capacity', byDomain(driver, device.capacity, ({ value }) => new QuantityValue(parseQuantity(value)))],
    ['allowMultipleAllocations', device.allowMultipleAllocations ?? false],
  ])
  return new StructValue(structName, values)
}

/** Whether the selector takes the device; throws an Error when that cannot be told. */
export function selects(program: Program, device: Value): boolean {
  const outcome = program.evaluate({ device })
  if ('error' in outcome) throw outcome.error
  if (typeof outcome.value === 'boolean') return outcome.value
  throw new EvalError('CEL result could not be converted to bool')
}

/** Names by domain; of a domain that is not there, there are no names. */
class Domains extends MapValue {
  static readonly #none = new HashMap([])
  readonly #domains: HashMap

  constructor(domains: HashMap) {
    super()
    this.#domains = domains
  }

  override get size(): number {
    return this.#domains.size
  }

  override get(key: Value): Value | undefined {
    return this.#domains.get(key)
  }

  override keys(): Iterable<Value> {
    return this.#domains.keys()
  }

  // dynamic-resource-allocation/cel/compile.go mapper
  override select(key: Value): Value {
    return this.get(key) ?? Domains.#none
  }
}

function byDomain<T>(driver: string, named: Readonly<Record<string, T>> = {}, toValue: (one: T) => Value): Domains {
  const domains = new Map<string, [string, Value][]>()
  for (const [name, one] of Object.entries(named)) {
    const slash = name.indexOf('/')
    const domain = slash < 0 ? driver : name.slice(0, slash)
    const entries = domains.get(domain) ?? []
    domains.set(domain, entries)
    try {
      entries.push([name.slice(slash + 1), toValue(one)])
    } catch (error) {
      throw new Error(`attribute ${name}: ${(error as Error).message}`, { cause: error })
    }
  }
  return new Domains(new HashMap(Array.from(domains, ([domain, entries]) => [domain, new HashMap(entries)])))
}

// dynamic-resource-allocation/cel/compile.go getAttributeValue
function attributeValue(attribute: DeviceAttribute): Value {
  const { int, bool, string, version, ints, bools, strings, versions } = attribute
  if (int !== undefined) return BigInt(int)
  if (bool !== undefined) return bool
  if (string !== undefined) return string
  if (version !== undefined) return versionValue(version)
  const list = ints?.map(BigInt) ?? bools ?? strings ?? versions?.map(versionValue)
  if (list !== undefined) return new ArrayList([...list])
  throw new Error('unsupported attribute value')
}

function versionValue(version: string): Value {
  const value = parseSemver(version)
  if (value === undefined) throw new Error(`parse semantic version: ${JSON.stringify(version)} is none`)
  return value
}
