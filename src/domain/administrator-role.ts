/** Permissions under this prefix are about administering Drawbridge itself. */
const reserved = 'drawbridge:';

export const isAdministrative = (permission: string): boolean => permission.startsWith(reserved);

const rightBy = ['people', 'rules', 'platform'].map((word) => `${reserved}${word}`);

/** Whether it lets somebody give others what they lack, and not only look at them. */
export const putsRight = (permission: string): boolean => rightBy.includes(permission);
