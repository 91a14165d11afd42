import { type Overload, overload } from '../functions.ts'

/** apiserver/pkg/cel/library/jsonpatch.go: for expressions that make JSON patches alone. */
export const jsonPatchLibrary: readonly Overload[] = [
  overload('jsonpatch.escapeKey', 'string_jsonpatch_escapeKey_string', '(string) string', (args) =>
    args.get<string>(0).replaceAll('~', '~0').replaceAll('/', '~1'),
  ),
]
