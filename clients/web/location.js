/** A place to send: where one is, asked of the browser after a click, or coordinates that are typed. */
import { html, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { t } from '/texts.js';
import { Button, Dialog, Field } from '/ui.js';

const LOCATION = 8; // msg_type
const TITLE_MAX = 200; // as content.location.json
const PATIENCE = 15000; // ms for a satellite or two
const DIGITS = 6; // behind the point: a hand's breadth

/** The browser's reasons, by their code. */
const REASONS = { 1: 'location_denied', 2: 'location_unknown', 3: 'location_unknown' };

function position() {
  const how = { timeout: PATIENCE, enableHighAccuracy: true };
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) reject({ code: 2 });
    else navigator.geolocation.getCurrentPosition(resolve, reject, how);
  });
}

/** A number of degrees; a comma is a point in many countries. NaN: it is none, or out of range. */
function degrees(text, most) {
  const number = text.trim() ? Number(text.trim().replace(',', '.')) : NaN;
  return Math.abs(number) <= most ? number : NaN;
}

function faults({ title, lat, lng }) {
  return {
    title: title.trim() ? null : t('location_no_title'),
    lat: Number.isNaN(degrees(lat, 90)) ? t('location_bad_lat') : null,
    lng: Number.isNaN(degrees(lng, 180)) ? t('location_bad_lng') : null,
  };
}

/** @param {{conversation_id: string, close: (is_sent?: boolean) => void}} props */
export function LocationDialog({ conversation_id, close }) {
  const [values, setValues] = useState({ title: '', lat: '', lng: '' });
  const [errors, setErrors] = useState(/** @type {any} */ ({}));
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState('');

  const ask = async () => {
    setAsking(true);
    setProblem('');
    try {
      const { coords } = await position();
      const lat = coords.latitude.toFixed(DIGITS);
      const lng = coords.longitude.toFixed(DIGITS);
      setValues((before) => ({ title: before.title || t('location_mine'), lat, lng }));
      setErrors({});
    } catch (error) {
      setProblem(t(REASONS[error.code] || 'location_unknown'));
    }
    setAsking(false);
  };
  const submit = (event) => {
    event.preventDefault();
    const found = faults(values);
    setErrors(found);
    if (Object.values(found).some(Boolean)) return;
    const { title, lat, lng } = values;
    const content = { title: title.trim(), lat: degrees(lat, 90), lng: degrees(lng, 180) };
    parley.send(conversation_id, content, { msg_type: LOCATION });
    close(true);
  };
  const field = (name, more) => html`<${Field} name=${`location-${name}`} label=${t(`location_${name}`)}
    value=${values[name]} error=${errors[name]} ...${more}
    onInput=${(event) => setValues({ ...values, [name]: event.target.value })} />`;
  return html`
    <${Dialog} title=${t('attach_location')} close=${close} actions=${html`
      <${Button} onClick=${() => close()}>${t('cancel')}<//>
      <${Button} kind="primary" type="submit" form="location-form">${t('composer_send')}<//>`}>
      <form id="location-form" class="location-form" onSubmit=${submit} novalidate>
        <${Button} busy=${asking} onClick=${ask}>${t('location_ask')}<//>
        <p class="field-error" role="alert">${problem}</p>
        ${field('title', { maxlength: TITLE_MAX })}
        ${field('lat', { inputmode: 'decimal', placeholder: '47.3769' })}
        ${field('lng', { inputmode: 'decimal', placeholder: '8.5417' })}
      </form>
    <//>`;
}
