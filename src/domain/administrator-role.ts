/** Permissions under this prefix are about administering Drawbridge itself. */
const reserved = 'drawbridge:';

export const isAdministrative = (permission: string): boolean => permission.startsWith(reserved);

const onlyLooks = ['read', 'audit'].map((word) => `${reserved}${word}`);

/** Whether it lets somebody put things right, and not only look at them. */
export const putsRight = (permission: string): boolean => isAdministrative(permission) && !onlyLooks.includes(permission);
