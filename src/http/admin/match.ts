import type { AdminRoute } from './contract.ts';

/** A route as it fits a path, and what the members in braces are there. */
export interface Match {
  readonly route: AdminRoute;
  readonly path: Readonly<Record<string, string>>;
}

/** A member of a path as it was meant; null where its percent-encoding is no text. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function pathIn(template: readonly string[], segments: readonly string[]): Match['path'] | null {
  if (template.length !== segments.length) return null;
  const path: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined && part !== segment) return null;
    if (name === undefined) continue;
    const value = decoded(segment);
    if (value === null || value === '') return null;
    path[name] = value;
  }
  return path;
}

/** Every route that fits a path, one for each method. */
export function matching(routes: readonly AdminRoute[]): (path: string) => Match[] {
  const compiled = routes.map((route) => ({ route, template: route.contract.path.split('/') }));
  return (path) => {
    const segments = path.split('/');
    return compiled.flatMap(({ route, template }) => {
      const fitted = pathIn(template, segments);
      return fitted === null ? [] : [{ route, path: fitted }];
    });
  };
}
