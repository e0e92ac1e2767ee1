"""Makes tests/goldens/audio/: what the reference's feature extractors make of recordings.

Each folder has the extractor's preprocessor_config.json and expected.safetensors, the features of every recording by its
name (noise, tones, sweeps, silence, clicks; longer and shorter than what the model takes); recordings_RATE.safetensors
has the samples.

Usage: make_audio.py [OUT]
"""

import sys
from pathlib import Path

import numpy
from safetensors.numpy import save_file
from transformers import ASTFeatureExtractor, Wav2Vec2FeatureExtractor, WhisperFeatureExtractor

EXTRACTORS = {
    "whisper": WhisperFeatureExtractor(chunk_length=1),
    "whisper_128": WhisperFeatureExtractor(feature_size=128, chunk_length=1),
    "whisper_sizes": WhisperFeatureExtractor(feature_size=40, chunk_length=2, n_fft=512, hop_length=128,
                                             sampling_rate=8000),
    "wav2vec2": Wav2Vec2FeatureExtractor(),
    "ast": ASTFeatureExtractor(max_length=100),
    "ast_plain": ASTFeatureExtractor(max_length=64, num_mel_bins=64, do_normalize=False),
}


def recordings(rate):
    generator = numpy.random.default_rng(7)
    time = numpy.arange(rate) / rate
    sweep = numpy.sin(2 * numpy.pi * (80 * time + 900 * time**2)) * numpy.exp(-2 * time)
    speech = sum(numpy.sin(2 * numpy.pi * 120 * k * time) / k for k in range(1, 20)) * (1 + numpy.sin(40 * time)) / 8
    return {
        "noise": generator.uniform(-0.8, 0.8, rate // 2),
        "speech": speech + generator.normal(0, 1e-3, rate),
        "sweep": sweep + generator.normal(0, 1e-4, rate),
        "long": generator.normal(0, 0.1, rate * 5 // 2),
        "click": numpy.eye(1, 801, 400).ravel() + generator.normal(0, 1e-3, 801),
        "quiet": generator.normal(0, 1e-6, rate // 4),
        "silence": numpy.zeros(rate // 4),
    }


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "goldens/audio"
    for name, extractor in EXTRACTORS.items():
        folder = out / name
        extractor.save_pretrained(folder)
        rate = extractor.sampling_rate
        samples = {key: value.astype(numpy.float32) for key, value in recordings(rate).items()}
        save_file(samples, out / f"recordings_{rate}.safetensors")
        if name == "wav2vec2":  # features are as long as samples
            del samples["long"], samples["sweep"]
        features = {}
        for key, value in samples.items():
            inputs = extractor(value, sampling_rate=rate, return_tensors="np")
            features[key] = inputs[extractor.model_input_names[0]][0].astype(numpy.float32)
        save_file(features, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
