/** Remembers what was made for a name, for so many names; beyond that it begins anew, so that whoever makes up names fills nothing. */
export function remembering<Made extends object>(make: (name: string) => Made, most = 4000): (name: string) => Made {
  const made = new Map<string, Made>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const value = make(name);
    if (made.size >= most) made.clear();
    made.set(name, value);
    return value;
  };
}
