/**
 * Words for one of the editor's messages. In these `[text](command:…)` is a link, and a click on it runs any command of the editor with
 * any arguments; names of files, rows, endpoints and what servers answer are other people's text, so nothing in it may become one.
 */
export const plain = (text: string): string => text.replace(/\]\((?=[a-z][\w+.-]*:)/gi, "] (");
