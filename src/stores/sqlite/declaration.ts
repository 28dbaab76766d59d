/** The only way a name enters SQL: quoted, after `checkNames`. */
export const table = (name: string): string => `"${name}"`;
export const column = (field: string): string => `"k_${field}"`;
