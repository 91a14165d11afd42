import type { CustomResourceColumnDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { Cell, Column } from '@kubets/shared/api/kinds/kind.ts'
import { nameColumn } from '@kubets/shared/api/kinds/printing.ts'
import { parseJsonPath, type JsonPath } from '@kubets/shared/machinery/jsonpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { humanDuration, parseTime } from '@kubets/shared/machinery/time.ts'

export interface Columns {
  columns: readonly Column[]
  row(object: KubeObject, now: number): Cell[]
}

const age: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description: 'When the object was created.',
  jsonPath: '.metadata.creationTimestamp',
}

/** The columns of a custom resource; one that cannot be read leaves the name alone. */
// apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go New
export function tableColumns(definitions: readonly CustomResourceColumnDefinition[] | undefined): Columns {
  const given = definitions?.length ? definitions : [age]
  const columns: Column[] = [nameColumn]
  const readers: { type: string; path: JsonPath }[] = []
  for (const { name, type, format = '', description = '', priority = 0, jsonPath } of given) {
    try {
      readers.push({ type, path: parseJsonPath(jsonPath) })
    } catch {
      break
    }
    columns.push({
      name,
      type: type as Column['type'],
      format,
      description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
      priority,
    })
  }
  return {
    columns,
    row: (object, now) => [
      object.metadata.name ?? '',
      ...readers.map(({ type, path }) => cell(type, path(object)[0], now)),
    ],
  }
}

// cellForJSONValue
function cell(type: string, value: unknown, now: number): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? since(value, now) : null
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
  }
}

function since(text: string, now: number): string {
  try {
    return humanDuration(now - parseTime(text))
  } catch {
    return '<invalid>'
  }
}
