#pragma once

/// Everything a program needs to open checkpoints and run them. A header of it alone compiles faster; those who compose
/// models themselves include the parts (blocks/, nn/, models/, kernels/) by their names.

#include "headformer/auto.hpp"
#include "headformer/auto_causal_lm.hpp"
#include "headformer/auto_dual_encoder.hpp"
#include "headformer/auto_encoder.hpp"
#include "headformer/auto_image_encoder.hpp"
#include "headformer/auto_seq2seq.hpp"
#include "headformer/chat_generator.hpp"
#include "headformer/core/matrix.hpp"
#include "headformer/core/version.hpp"
#include "headformer/models/causal_lm/session.hpp"
#include "headformer/pipelines/answer_scorer.hpp"
#include "headformer/pipelines/embedder.hpp"
#include "headformer/pipelines/mask_filler.hpp"
#include "headformer/pipelines/question_answerer.hpp"
#include "headformer/pipelines/reranker.hpp"
#include "headformer/pipelines/text_classifier.hpp"
#include "headformer/pipelines/text_to_text.hpp"
#include "headformer/pipelines/token_tagger.hpp"
#include "headformer/pipelines/zero_shot_classifier.hpp"
#include "headformer/preprocess/chat_template.hpp"
#include "headformer/preprocess/image/open_image_processor.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/text_generator.hpp"
#include "headformer/weights/checkpoint.hpp"
