import type { FragmentLoaderConstructor, FragmentLoaderContext, HlsConfig, Loader } from "hls.js";
import Hls from "hls.js";

const DefaultLoader = Hls.DefaultConfig.loader as unknown as new (
  config: HlsConfig,
) => Loader<FragmentLoaderContext>;

/**
 * The default loader, but an init segment on its way is not aborted. hls.js 1.7 does so whenever it turns to another
 * segment, and the abort it hears of ends that other segment: after quick seeks the two go on ending one another.
 */
class PatientInitLoader extends DefaultLoader {
  override abort(): void {
    if (!isInit(this.context)) super.abort();
  }
}

export const isInit = (context: FragmentLoaderContext | null): boolean => context?.frag?.sn === "initSegment";

export const patientInitLoader = PatientInitLoader as unknown as FragmentLoaderConstructor;
