import { type Overload, overload } from '../functions.ts'
import { ArrayList } from '../values.ts'
import { regexp } from './standard.ts'

/** apiserver/pkg/cel/library/regex.go. */
export const regexLibrary: readonly Overload[] = [
  overload('find', 'string_find_string', 'string.(string) string', (args, context) => {
    const found = regexp(args.get<string>(1), context).find(args.get<string>(0), (steps) => context.work(steps))
    return found ?? ''
  }),
  overload(
    'findAll',
    'string_find_all_string',
    'string.(string) list(string)',
    (args, context) =>
      new ArrayList(
        regexp(args.get<string>(1), context).findAll(args.get<string>(0), Infinity, (steps) => context.work(steps)),
      ),
  ),
  overload('findAll', 'string_find_all_string_int', 'string.(string, int) list(string)', (args, context) => {
    const count = args.get<bigint>(2)
    const limit = count < 0n ? Infinity : Number(count)
    return new ArrayList(
      regexp(args.get<string>(1), context).findAll(args.get<string>(0), limit, (steps) => context.work(steps)),
    )
  }),
]
