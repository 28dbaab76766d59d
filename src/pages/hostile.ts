/** What somebody might register as a name. Every page has a sample made of these; none may come out as anything but text. */
const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

export const hostile = {
  markup,
  quotes: `x" onfocus="document.title='owned'" autofocus x='`,
  direction: 'Acme \u202Eelpmaxe.\u2066emca\u2069 \u200B\u0007\u0000verified',
  long: `Lantern ${'Wide'.repeat(73)}`,
  template: '${7*7}{{7*7}}<%= 7*7 %>#{7*7}+ADw-script+AD4-',
  host: `a"><svg onload="document.title='owned'">.example`,
};
