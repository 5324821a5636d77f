/** The one dialog for everything that an administrator does: what, to whom, why. */
import { html, useState } from '/vendor/preact.js';
import { useAction, ActionError } from '/action.js';
import { t } from '/texts.js';
import { Button, Dialog, Field } from '/ui.js';

const REASON_MAX = 500; // as the server has it
let forms = 0;

/**
 * A dialog with a reason, besides what `children` asks for. `run(values)` gets the form's fields; when it fails the
 * dialog stays and says why. Closes with what run() answered, or true.
 * @param {{title: string, text: string, label: string, danger?: boolean, children?: any, is_ready?: boolean,
 *   run: (values: Record<string, string>) => Promise<any>, close: (value?: any) => void}} props text: what will
 *   happen, and to whom; label: of the button that does it
 */
export function ActDialog({ title, text, label, danger, children, is_ready = true, run, close }) {
  const [id] = useState(() => `act-${++forms}`);
  const { busy, error, run: start } = useAction();
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    let answer;
    if (await start(async () => {
      answer = await run(values);
    })) close(answer ?? true);
  };
  return html`<${Dialog} title=${title} close=${close} actions=${html`
    <${Button} onClick=${() => close()}>${t('cancel')}<//>
    <${Button} type="submit" form=${id} kind=${danger ? 'danger' : 'primary'} busy=${busy}
      disabled=${!is_ready}>${label}<//>`}>
    <form id=${id} class="act" onSubmit=${submit}>
      <p dir="auto">${text}</p>
      ${children}
      <${Field} label=${t('console_reason')} name="reason" hint=${t('console_reason_hint')} required maxlength=${REASON_MAX}
        autocomplete="off" autofocus />
      <${ActionError} error=${error} />
    </form><//>`;
}

/** "Anna (@anna)": nobody is taken for another by his nickname. @param {{nickname: string, username: string}} user */
export function nameOf(user) {
  return t('console_name_and_username', { nickname: user.nickname, username: user.username });
}
