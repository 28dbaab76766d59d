/** Permissions under this prefix are about administering Drawbridge itself. */
const reserved = 'drawbridge:';

export const isAdministrative = (permission: string): boolean => permission.startsWith(reserved);
