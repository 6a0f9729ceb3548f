import { decibelText, type LayerComparison, percentText } from '@bitwright/ptq';
import { ownError } from '../report/comparison-rows';
import { breakable, type Html, html } from './html';

const clearlyNoisy = 0.1;
const clippedMuch = 0.02;

/** Every layer with its figures, in the order of the network. */
export function layerTable(layers: readonly LayerComparison[]): Html {
  return html`<div class="scroll"><table>
<thead><tr><th>#</th><th class="text">layer</th><th>alone</th><th>as executed</th><th>together</th><th>weights</th><th>saturated</th><th>unused range</th><th>worst channel</th></tr></thead>
<tbody>
${layers.map(layerRow)}
</tbody></table></div>`;
}

// — internals —

function layerRow(layer: LayerComparison, i: number): Html {
  const { name, operators, isolated, executed, cumulative, weight, codes, worstChannels, channels } = layer;
  const [worst] = worstChannels;
  const kernels = executed !== undefined && isolated !== undefined && executed.noiseShare > 2 * isolated.noiseShare;
  const rescaled = layer.isRescaled ? ', channels rescaled' : '';
  return html`<tr><td>${i + 1}</td><td class="name">${breakable(name)}<span class="faint">${operators.join(' + ')}${rescaled}</span></td>
${errorCell(isolated)}${kernels ? errorCell(executed, true) : errorCell(executed)}${errorCell(cumulative)}
<td>${weight === undefined ? '' : `${weight.dtype}, ${decibelText(weight.sqnrDb)}`}</td>
<td class="${(codes?.clipped ?? 0) > clippedMuch ? 'bad' : ''}">${codes === undefined ? '' : percentText(codes.clipped)}</td>
<td>${codes === undefined ? '' : `${Math.round(100 * codes.unused)} %`}</td>
<td>${worst === undefined || ownError(layer) === undefined ? '' : `${worst.channel} of ${channels}: ${percentText(worst.shareOfNoise)}`}</td></tr>
`;
}

function errorCell(errors: LayerComparison['isolated'], isBad = false): Html {
  if (errors === undefined) return html`<td></td>`;
  const isNoisy = isBad || errors.noiseShare > clearlyNoisy || errors.nonFinite > 0;
  const text = errors.nonFinite > 0 ? `${errors.nonFinite} not finite` : decibelText(errors.sqnrDb);
  return html`<td class="${isNoisy ? 'bad' : ''}">${text}</td>`;
}
